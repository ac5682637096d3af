"""What is measured side by side: the bundle, baselines of its training text, another bundle."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from prompt_gen import bundle
from prompt_gen.bundle import Bundle
from prompt_gen.config import EngineConfig, EvaluateConfig
from prompt_gen.corpus import Corpus
from prompt_gen.engine import Completer
from prompt_gen.evaluate import baselines
from prompt_gen.evaluate.baselines import BASELINES, Completes
from prompt_gen.run import fingerprint
from prompt_gen.storage import file_hash

VERSION = 1  # of what baselines learn
MODEL, OTHER = "model", "other"
NETWORK, MEMORY = "network", "memory"  # the halves of the bundle's model, each by itself


@dataclass(frozen=True)
class Predictor:
    """Where a predictor is, so that other processes can open it too."""

    name: str  # MODEL, one of its halves, OTHER, or a row of BASELINES
    title: str
    chinese: str
    path: Path
    fingerprint: str

    def open(self, engine: EngineConfig) -> Completes:
        """Load it. Its scores are not calibrated: that is done when they are looked at."""
        if self.name in BASELINES:
            return baselines.load(self.name, self.path, engine)
        experts = {NETWORK: "network", MEMORY: "memory"}.get(self.name, engine.experts)
        completer = Completer.of(
            bundle.load(self.path), engine.model_copy(update={"experts": experts})
        )
        completer.temperature = 1.0
        return completer


_HALVES = (
    (NETWORK, "the network alone", "仅网络"),
    (MEMORY, "the memory alone", "仅记忆"),
)


def beside(
    made: Bundle,
    corpus: Corpus | None,
    other: Bundle | None,
    config: EvaluateConfig,
    directory: Path,
) -> list[Predictor]:
    """The bundle, baselines that learned its training text, and another bundle.

    Baselines are kept in `directory`; without the corpus there are none.
    """
    found = [_of_bundle(made, MODEL)]
    if made.memory:
        found += [replace(found[0], name=name, title=title, chinese=chinese)
                  for name, title, chinese in _HALVES]  # fmt: skip
    if corpus is not None:
        found += [_of_text(name, made, corpus, config, directory) for name in BASELINES]
    if other is not None:
        found.append(_of_bundle(other, OTHER))
    return found


def _of_bundle(made: Bundle, name: str) -> Predictor:
    print_ = file_hash(made.path / bundle.MANIFEST)
    return Predictor(name, made.name, made.name, made.path, print_)


def _of_text(
    name: str, made: Bundle, corpus: Corpus, config: EvaluateConfig, directory: Path
) -> Predictor:
    """A baseline; one that has learned the same text before is taken from the disk."""
    print_ = fingerprint(
        VERSION, name, corpus.fingerprint, made.tokenizer.hash, config.baseline_chars
    )
    path = directory / "baselines" / f"{name}-{print_}"
    if not path.is_dir():
        baselines.build(name, corpus.train, made.tokenizer, path, config.baseline_chars)
        for old in path.parent.glob(f"{name}-*"):
            if old != path:
                shutil.rmtree(old, ignore_errors=True)
    row = BASELINES[name]
    return Predictor(name, row.english, row.chinese, path, print_)
