"""A bundle and held-out lines to numbers that a user can decide by."""

import os
import platform
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from prompt_gen import __version__
from prompt_gen.bundle import MANIFEST, Bundle
from prompt_gen.config import EngineConfig, EvaluateConfig
from prompt_gen.corpus import Corpus
from prompt_gen.corpus.privacy import Privacy
from prompt_gen.errors import BadText, PromptGenError
from prompt_gen.evaluate import (
    beginnings,
    calibration,
    examples,
    latency,
    lists,
    memorisation,
    overlap,
    predictors,
    secrets,
    tables,
    typing,
)
from prompt_gen.evaluate.calibration import Calibration
from prompt_gen.evaluate.memorisation import Memorisation
from prompt_gen.evaluate.metrics import METRICS
from prompt_gen.evaluate.optional import absent
from prompt_gen.evaluate.predictors import Predictor
from prompt_gen.evaluate.replay import Replay
from prompt_gen.evaluate.result import FORMAT, Report
from prompt_gen.evaluate.subject import Subject
from prompt_gen.evaluate.typed import Typed
from prompt_gen.run import Event, Watch, fingerprint, silent
from prompt_gen.storage import file_hash
from prompt_gen.workers import Workers, n_processes

__all__ = ["Calibration", "Material", "Report", "chosen", "measure"]

PRIVATE = ("email", "phone", "id", "card", "account")  # kinds of data that no list should show
NEEDS = {**typing.NEEDS, **overlap.NEEDS, **lists.NEEDS}  # libraries by the numbers they measure
NO_DEADLINE_MS = 60_000.0  # how good the lists are must not depend on how busy the machine is
_WORTH_CHARS = 2000  # to type; less is done before other processes have started


@dataclass(frozen=True)
class Material:
    """What a bundle is measured on, and beside what."""

    lines: Sequence[str]
    source: str  # of the lines, for people
    corpus: Corpus | None = None  # that the bundle was trained on, where it is at hand
    other: Bundle | None = None  # to compare with
    directory: Path | None = None  # where results are kept for the next time
    command: str = ""
    remarks: Sequence[str] = ()  # what a reader must know of the comparison


def measure(
    made: Bundle,
    material: Material,
    config: EvaluateConfig,
    engine: EngineConfig,
    watch: Watch = silent,
) -> tuple[Report, Calibration]:
    """The report, and the temperature for the bundle's scores.

    Raises:
        BadText: no line to evaluate on.
    """
    started = time.perf_counter()
    lines, typed_lines = chosen(material.lines, config)
    n = _n_processes(lines, typed_lines, config)
    threads = 1 if n > 1 else engine.threads
    engine = engine.model_copy(update={"threads": threads, "deadline_ms": NO_DEADLINE_MS})
    watch(Event("evaluate", "start", facts={"lines": len(lines), "typed": len(typed_lines)}))
    for remark in material.remarks:
        watch(Event("evaluate", "note", facts={"warning": remark}))
    with TemporaryDirectory() as spare, Workers(n, "types lines", "evaluate.workers") as workers:
        directory = material.directory or Path(spare)
        found = predictors.beside(made, material.corpus, material.other, config, directory)
        replay = Replay(engine, workers, directory)
        known = material.corpus if typed_lines else None  # no key: nothing to calibrate
        fitted = [calibration.of(each, known, replay, config) for each in found]
        tell = _progress(watch, len(found) * sum(map(len, typed_lines)))
        subjects = [
            Subject(
                predictor,
                replay.scored(predictor, lines),
                _typed(predictor, typed_lines, replay, engine, tell),
                calibrated.temperature,
            )
            for predictor, calibrated in zip(found, fitted, strict=True)
        ]
    watch(Event("evaluate", "compare", facts={"numbers": len(METRICS), "columns": len(found)}))
    contents = _contents(made, material, config, engine, subjects, lines)
    contents["made"] = _made(started, n, threads)
    report = Report(contents)
    watch(Event("evaluate", "done", facts={"headline": report.headline}))
    return report, fitted[0]


def _contents(
    made: Bundle,
    material: Material,
    config: EvaluateConfig,
    engine: EngineConfig,
    subjects: Sequence[Subject],
    lines: Sequence[str],
) -> dict[str, Any]:
    """What the report holds, but for how it was made."""
    corpus, typed = material.corpus, subjects[0].typed
    learned = corpus if typed.lines else None  # gone through twice for what was typed
    known = beginnings.known(typed.lines, learned.train) if learned else None
    recited = _recited(subjects, learned) if learned else []
    contents = {
        "format": FORMAT,
        "command": material.command,
        "lines": {
            **_facts(lines, typed.lines, material.source, config),
            "kinds": known.n_keys(typed) if known else {},
        },
        "engine": engine.model_dump(mode="json", exclude={"threads", "deadline_ms"}),
        "fingerprints": _fingerprints(made, material),
        "libraries": overlap.facts(typed),
        **tables.compared(subjects, known, recited, config),
        **examples.of(subjects[0], recited, config),
        "canaries": secrets.exposed(made, corpus, engine, config),
        "unavailable": _unavailable(material),
        "remarks": list(material.remarks),
    }
    contents["predictors"][0]["numbers"] |= _of_the_bundle(made, typed.lines, contents)
    return contents


def _n_processes(lines: Sequence[str], typed_lines: Sequence[str], config: EvaluateConfig) -> int:
    """Scoring a character takes about a twentieth of typing it."""
    n_chars = sum(map(len, typed_lines)) + sum(map(len, lines)) // 20
    return n_processes(config.workers, n_chars > _WORTH_CHARS)


def chosen(lines: Sequence[str], config: EvaluateConfig) -> tuple[list[str], list[str]]:
    """The lines that are scored, and those of them that are typed; by the seed where not all.

    Raises:
        BadText: no line to evaluate on.
    """
    texts = [text for line in lines if (text := line.strip())]  # as documents are
    if not texts:
        raise BadText("there is no line to evaluate on", "Give a file with --data")
    scored = _sample(texts, config.limit, config.seed)
    typable = [text[: config.max_typed_chars] for text in scored if len(text) > 1]
    return scored, _sample(typable, config.typed, config.seed)


def _sample(texts: list[str], n: int | None, seed: int) -> list[str]:
    if n is None or n >= len(texts):
        return texts
    return random.Random(seed).sample(texts, n)


def _progress(watch: Watch, n_chars: int) -> Callable[[str, int], None]:
    """Turns characters that a predictor has typed since into progress with the time left."""
    started, done = time.monotonic(), 0

    def tell(who: str, chars: int) -> None:
        nonlocal done
        done += chars
        left_s = (time.monotonic() - started) * (n_chars - done) / max(1, done)
        watch(Event("evaluate", "progress", done, n_chars, {"typing": who, "left_s": left_s}))

    return tell


def _typed(
    predictor: Predictor,
    lines: Sequence[str],
    replay: Replay,
    engine: EngineConfig,
    tell: Callable[[str, int], None],
) -> Typed:
    offers = replay.typed(predictor, lines, lambda n: tell(predictor.title, n))
    return Typed(lines, offers, engine.max_chars, engine.n)


def _recited(subjects: Sequence[Subject], corpus: Corpus) -> list[Memorisation]:
    offered = [subject.typed for subject in subjects]
    return memorisation.measure(offered, corpus.train, Privacy(PRIVATE, "mask"))


def _of_the_bundle(
    made: Bundle, typed_lines: Sequence[str], contents: dict[str, Any]
) -> dict[str, dict[str, float]]:
    """Numbers that are not over lines: they have no interval."""
    found = {}
    if typed_lines:
        try:
            found |= latency.cold_start(made.path, typed_lines[0][:1])
        except PromptGenError as error:
            contents["unavailable"].append({"what": "cold start", "why": error.message})
    if contents["canaries"]:
        found["exposure"] = max(canary["exposure"] for canary in contents["canaries"])
    return {name: {"value": value} for name, value in found.items()}


def _facts(
    lines: Sequence[str], typed_lines: Sequence[str], source: str, config: EvaluateConfig
) -> dict[str, Any]:
    return {
        "source": source,
        "n": len(lines),
        "characters": sum(map(len, lines)),
        "typed": len(typed_lines),
        "keys": sum(len(line) - 1 for line in typed_lines),
        "fingerprint": fingerprint(list(lines)),
        "seed": config.seed,
        "resamples": config.resamples,
        "min_right": config.min_right,
    }


def _fingerprints(made: Bundle, material: Material) -> dict[str, str]:
    found = {
        "bundle": file_hash(made.path / MANIFEST)[:16],
        "vocabulary": made.tokenizer.hash[:16],
        "corpus": made.facts.get("corpus", {}).get("fingerprint", ""),
    }
    if material.other is not None:
        found["other"] = file_hash(material.other.path / MANIFEST)[:16]
    return found


def _unavailable(material: Material) -> list[dict[str, str]]:
    found = [{"what": name, "why": why} for name, why in absent(NEEDS).items()]
    if material.corpus is None:
        found.append(
            {
                "what": "baselines, seen and unseen beginnings, memorisation",
                "why": "the training text of the bundle is not beside it",
            }
        )
    return found


def _made(started: float, n: int, threads: int) -> dict[str, Any]:
    return {
        "version": __version__,
        "seconds": round(time.perf_counter() - started, 1),
        "processes": n,
        "threads": threads,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
    }
