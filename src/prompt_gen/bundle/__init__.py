"""The artefact: a directory that holds everything a completer needs and cannot be mismatched.

bundle/
  model.safetensors  config.json   stock transformers load these; a bundle that was made smaller may
                     do without the first
  tokenizer.json  tokenizer_config.json
  model.onnx         the graph that completes; its weights are those of model.safetensors, in it
                     or, in fewer bits, in itself
  memory/            the training text to look things up in, unless there is none
  mixture.json       how far the network and the memory are believed
  answered.jsonl     of a dialogue: the questions that it has learned answers to
  manifest.json      SHA-256 of all of the above, the hash of the vocabulary, the run's facts
  report.json  README.md    the evaluation, and the card that shows it
  calibration.json          the temperature of scores that the evaluation found
  compressed.json           of a bundle that was made smaller: its numbers beside those of the other
"""

import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prompt_gen.bundle import card
from prompt_gen.errors import Damaged, Mismatch, NotABundle, NotFound
from prompt_gen.run import Run, fingerprint
from prompt_gen.storage import file_hash, link, write_atomic, write_whole
from prompt_gen.vocab import Tokenizer, load_tokenizer

FORMAT = 2
MANIFEST = "manifest.json"
CALIBRATION = "calibration.json"
COMPRESSED = "compressed.json"
MIXTURE = "mixture.json"
MEMORY = "memory"
STOCK_WEIGHTS = "model.safetensors"


@dataclass(frozen=True)
class Bundle:
    """A checked bundle: its files are those that were written, and they belong together."""

    path: Path
    tokenizer: Tokenizer
    manifest: dict[str, Any]

    @property
    def name(self) -> str:
        """The name of the model: the run's, or the directory's."""
        return self.manifest["name"]

    @property
    def graph(self) -> Path:
        """The ONNX graph."""
        return self.path / "model.onnx"

    @property
    def memory(self) -> Path | None:
        """The directory of the memory, if there is one."""
        where = self.path / MEMORY
        return where if where.is_dir() else None

    @property
    def mixture(self) -> list[list[float]]:
        """How far network and memory are believed; there is no memory without it."""
        return json.loads((self.path / MIXTURE).read_text("utf-8"))["weights"]

    @property
    def facts(self) -> dict[str, Any]:
        """What is known of the run: corpus, vocabulary, training."""
        return self.manifest["facts"]

    @property
    def task(self) -> dict[str, Any] | None:
        """What it labels, and how its texts are read; none: it completes."""
        return self.facts.get("task")

    @property
    def is_stock(self) -> bool:
        """Whether it holds the weights that stock transformers load."""
        return (self.path / STOCK_WEIGHTS).is_file()

    @property
    def report(self) -> dict[str, Any]:
        """The newest evaluation, or nothing."""
        return self._kept("report.json")

    @property
    def compressed(self) -> dict[str, Any]:
        """What was measured when it was made smaller, or nothing."""
        return self._kept(COMPRESSED)

    def _kept(self, name: str) -> dict[str, Any]:
        try:
            return json.loads((self.path / name).read_text("utf-8"))
        except (OSError, ValueError):
            return {}

    @property
    def temperature(self) -> float:
        """What scores are calibrated with; 1 before the first evaluation.

        Raises:
            Damaged: the file is unreadable, or its temperature is not a positive number.
        """
        path = self.path / CALIBRATION
        try:
            found = json.loads(path.read_text("utf-8"))["temperature"]
        except FileNotFoundError:
            return 1.0
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise Damaged(f"'{path}' cannot be read: {error!r}", _CALIBRATE) from error
        if type(found) not in (int, float) or not 0 < found <= sys.float_info.max:
            raise Damaged(
                f"the temperature in '{path}' is {found!r}, not a positive number", _CALIBRATE
            )
        return float(found)


Mixed = Callable[[Bundle], dict[str, Any]]  # the weights, and what else is known of the memory


def write(
    run: Run,
    model_directory: Path,
    tokenizer: Tokenizer,
    graph: bytes,
    facts: dict[str, Any],
    memory: Path | None = None,
    mixed: Mixed | None = None,
    *,
    stock: bool = True,
    files: Mapping[str, bytes] | None = None,
) -> Bundle:
    """Put the parts together in the run's bundle directory.

    With a memory, `mixed` finds how far it is believed, from the bundle so far. Without `stock` the
    graph has to be whole: `model.safetensors` is left out. `files` are some more of them, by name.

    Raises:
        Mismatch: the model has another number of tokens than the tokenizer.
    """
    config = json.loads((model_directory / "config.json").read_text("utf-8"))
    if config["vocab_size"] != tokenizer.size:
        raise Mismatch(
            f"the model has {config['vocab_size']} tokens, the tokenizer {tokenizer.size}",
            "Train again with --force",
        )
    copied = ("config.json", STOCK_WEIGHTS) if stock else ("config.json",)
    made_of = [*(model_directory / name for name in copied), *_sorted(memory)]
    hashes = [file_hash(file) for file in made_of]
    print_ = fingerprint(FORMAT, hashes, hashlib.sha256(graph).hexdigest(), tokenizer.hash)
    with run.write_station("bundle", print_, {}) as staged:
        for name in copied:
            shutil.copyfile(model_directory / name, staged / name)
        tokenizer.save(staged)
        write_whole(staged / "model.onnx", graph)
        for name, content in (files or {}).items():
            write_whole(staged / name, content)
        manifest = {
            "format": FORMAT,
            "name": run.path.resolve().name,
            "vocab_hash": tokenizer.hash,
            "facts": facts,
        }
        if memory and mixed:
            known = _remember(staged, memory, mixed, manifest, tokenizer)
            manifest["facts"] = facts | {"memory": known}
        parts = [file for file in sorted(staged.rglob("*")) if file.is_file()]
        manifest["files"] = {
            **{file.relative_to(staged).as_posix(): file_hash(file) for file in parts},
            **{name: file_hash(model_directory / name) for name in copied},
        }
        _verify(staged, manifest["files"])  # the copies, before they take the place of others
        text = json.dumps(manifest, ensure_ascii=False, indent=1)
        (staged / MANIFEST).write_text(text + "\n", "utf-8")
        (staged / "README.md").write_text(card.write(manifest, {}), "utf-8")
    return load(run.station("bundle"))


def _sorted(directory: Path | None) -> list[Path]:
    return sorted(directory.iterdir()) if directory else []


def _remember(
    staged: Path, memory: Path, mixed: Mixed, manifest: dict[str, Any], tokenizer: Tokenizer
) -> dict[str, Any]:
    """Put a memory into a bundle, and how far it is believed there; what else is known of it."""
    (staged / MEMORY).mkdir()
    for file in memory.iterdir():
        link(file, staged / MEMORY / file.name)
    found = mixed(Bundle(staged, tokenizer, manifest))
    (staged / MIXTURE).write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    return {name: value for name, value in found.items() if name != "weights"}


def check_same(bundle: Bundle) -> None:
    """Make sure that the bundle on the disk is still the one that was loaded.

    Raises:
        Mismatch: another one has taken its place.
    """
    path = bundle.path / MANIFEST
    if not path.is_file() or json.loads(path.read_text("utf-8")) != bundle.manifest:
        raise Mismatch(f"'{bundle.path}' has been trained anew meanwhile", "Evaluate it again")


def attach_report(bundle: Bundle, report: dict[str, Any]) -> None:
    """Keep an evaluation with the bundle and show it on the card."""
    text = json.dumps(report, ensure_ascii=False, indent=1)
    write_atomic(bundle.path / "report.json", text + "\n")
    write_atomic(bundle.path / "README.md", card.write(bundle.manifest, report, bundle.compressed))


def attach_compression(bundle: Bundle, measured: dict[str, Any]) -> None:
    """Keep with the bundle what making it smaller has cost and gained, and show it on the card."""
    text = json.dumps(measured, ensure_ascii=False, indent=1)
    write_atomic(bundle.path / COMPRESSED, text + "\n")
    write_atomic(bundle.path / "README.md", card.write(bundle.manifest, bundle.report, measured))


def attach_calibration(bundle: Bundle, temperature: float, facts: dict[str, Any]) -> None:
    """Keep with the bundle what scores are calibrated with, and how it was found."""
    text = json.dumps({"temperature": float(temperature), **facts}, ensure_ascii=False, indent=1)
    write_atomic(bundle.path / CALIBRATION, text + "\n")


def load(path: str | Path) -> Bundle:
    """The bundle at a path, or in the run directory at that path; every file is checked.

    Raises:
        NotFound: no such directory.
        NotABundle: a directory without a bundle.
        Damaged: a file is missing or has changed.
        Mismatch: the tokenizer is not the one the model was trained with.
    """
    where = _find(Path(path))
    try:
        manifest = json.loads((where / MANIFEST).read_text("utf-8"))
        files, vocab_hash = manifest["files"], manifest["vocab_hash"]
        _ = manifest["name"], manifest["facts"]
        if manifest["format"] != FORMAT:
            raise ValueError(f"format {manifest['format']}, this version reads {FORMAT}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Damaged(f"'{where / MANIFEST}' cannot be read: {error}", _AGAIN) from error
    _check_tokenizer(where, vocab_hash)
    _verify(where, files)
    return Bundle(where, load_tokenizer(where), manifest)


def _verify(where: Path, files: dict[str, str]) -> None:
    """Compare every file with its checksum."""
    for name, expected in files.items():
        if not (where / name).is_file():
            raise Damaged(f"'{where / name}' is missing from the bundle", _AGAIN)
        if (found := file_hash(where / name)) != expected:
            raise Damaged(
                f"'{where / name}' has changed: its SHA-256 is {found[:12]}, "
                f"the manifest says {expected[:12]}",
                _AGAIN,
            )


_AGAIN = "Copy the bundle again from where it came, or train it again"
_CALIBRATE = "Remove the file, or find it anew: prompt-gen evaluate DIR"


def _find(path: Path) -> Path:
    if not path.exists():
        raise NotFound(f"no such directory: '{path}'", "Give a run directory or a bundle")
    for candidate in (path, path / "bundle"):
        if (candidate / MANIFEST).is_file():
            return candidate
    hint = "Train one: prompt-gen train FILE --out DIR"
    if (path / "training" / "checkpoints").is_dir():
        hint = (
            f"Its training has not been finished: prompt-gen train (or finetune) --out {path} "
            "--resume"
        )
    raise NotABundle(f"'{path}' holds no bundle (no {MANIFEST} in it)", hint)


def _check_tokenizer(where: Path, vocab_hash: str) -> None:
    """Tell a foreign tokenizer from a damaged file: it can be read, and is another one."""
    if not (where / "tokenizer.json").is_file():
        return
    try:
        found = load_tokenizer(where).hash
    except Damaged:
        return  # the checksum will say so
    if found != vocab_hash:
        raise Mismatch(
            f"the tokenizer in '{where}' is {found[:12]}, "
            f"but the model was trained with {vocab_hash[:12]}",
            _AGAIN,
        )
