"""Lines typed key by key, and scored, by several processes; what was found is kept on the disk."""

import gzip
import json
import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, astuple, dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import prompt_gen
from prompt_gen.config import EngineConfig
from prompt_gen.engine import Candidate, Completer
from prompt_gen.evaluate import likelihood
from prompt_gen.evaluate.baselines import Completes
from prompt_gen.evaluate.likelihood import Likelihood
from prompt_gen.evaluate.predictors import Predictor
from prompt_gen.evaluate.typed import Offer
from prompt_gen.run import fingerprint
from prompt_gen.storage import file_hash, write_atomic
from prompt_gen.workers import Workers

VERSION = 1
_TYPED, _SCORED = 4, 64  # lines that a process takes at a time
_BLOCK = 128  # lines whose offers are kept together: what was typed before an end is not lost
_KEPT = 500  # files
_SOURCES = (
    "engine/*.py",
    "engine/modes/*.py",
    "memory/*.py",
    "evaluate/likelihood.py",
    "evaluate/baselines/*.py",
    "vocab/*.py",
    "text.py",
)

Tell = Callable[[int], None]  # is told how many characters have been done since


@dataclass(frozen=True)
class Lines:
    """Some lines for a predictor; `cuts` are the beginnings, none: all."""

    predictor: Predictor
    engine: EngineConfig
    lines: tuple[str, ...]
    cuts: tuple[tuple[int, ...], ...] = ()


class Replay:
    """Has predictors type and score lines.

    Results are kept in `directory`, and taken from there when predictor, engine and lines are the
    same: measuring again, or beside another bundle, costs only what is new.
    """

    def __init__(self, engine: EngineConfig, workers: Workers, directory: Path) -> None:
        self._engine, self._workers, self._directory = engine, workers, directory

    def typed(
        self,
        predictor: Predictor,
        lines: Sequence[str],
        tell: Tell,
        cuts: Sequence[tuple[int, ...]] = (),
    ) -> list[list[Offer]]:
        """What is offered at every key of every line, or behind the `cuts` of each only."""
        found = []
        for start in range(0, len(lines), _BLOCK):
            here = slice(start, start + _BLOCK)
            found += self._typed_block(predictor, lines[here], tell, cuts[here])
        return found

    def _typed_block(
        self,
        predictor: Predictor,
        lines: Sequence[str],
        tell: Tell,
        cuts: Sequence[tuple[int, ...]],
    ) -> list[list[Offer]]:
        path = self._path("typed", predictor, lines, list(cuts))
        if (kept := _read(path)) is None:
            kept = []
            for part in self._workers.map(_type, self._parts(predictor, lines, _TYPED, cuts)):
                kept += part
                tell(sum(len(line) for line in lines[len(kept) - len(part) : len(kept)]))
            _write(path, kept)
        else:
            tell(sum(map(len, lines)))
        return [
            [_offer(line[:cut], offer) for cut, offer in zip(row_cuts, row, strict=True)]
            for line, row_cuts, row in zip(lines, _each_cut(lines, cuts), kept, strict=True)
        ]

    def scored(self, predictor: Predictor, lines: Sequence[str]) -> Likelihood | None:
        """How probable each line is; none for a predictor that has no language model."""
        path = self._path("scored", predictor, lines)
        kept = _read(path)
        if kept is None:
            parts = []
            for part in self._workers.map(_score, self._parts(predictor, lines, _SCORED)):
                if part is None:
                    return None
                parts.append(part)
            kept = [column.tolist() for column in astuple(likelihood.joined(parts))]
            _write(path, kept)
        return Likelihood(*map(np.array, kept))

    def _parts(
        self,
        predictor: Predictor,
        lines: Sequence[str],
        size: int,
        cuts: Sequence[tuple[int, ...]] = (),
    ) -> Iterator[Lines]:
        for at in range(0, len(lines), size):
            here = slice(at, at + size)
            yield Lines(predictor, self._engine, tuple(lines[here]), tuple(cuts[here]))

    def _path(self, what: str, predictor: Predictor, *rest: Any) -> Path:
        settings = self._engine.model_dump()
        how = (_code(), self._workers.n, settings)
        print_ = fingerprint(VERSION, what, predictor.name, predictor.fingerprint, *how, *rest)
        return self._directory / "replays" / f"{print_}.json.gz"


@lru_cache
def _code() -> str:
    """Changes with the code that offers and scores, and with the machine that times are of."""
    package = Path(str(prompt_gen.__file__)).parent
    sources = [path for name in _SOURCES for path in sorted(package.glob(name))]
    machine = (platform.node(), platform.machine(), os.cpu_count(), version("onnxruntime"))
    return fingerprint([file_hash(path) for path in sources], machine)


# -- in a process ----------------------------------------------------------------------------------


@lru_cache(maxsize=8)
def opened(predictor: Predictor, engine: str) -> Completes:
    """A predictor, loaded once in each process and warmed up; the engine's settings as JSON."""
    completes = predictor.open(EngineConfig.model_validate_json(engine))
    completes.complete("a")
    return completes


def _type(part: Lines) -> list[list[Any]]:
    completes = opened(part.predictor, part.engine.model_dump_json())
    return [
        [_spelled(line[:cut], _ask(completes, line[:cut], line)) for cut in line_cuts]
        for line, line_cuts in zip(part.lines, _each_cut(part.lines, part.cuts), strict=True)
    ]


def _each_cut(lines: Sequence[str], cuts: Sequence[tuple[int, ...]]) -> Sequence[Sequence[int]]:
    """Where each line is cut: as given, or behind every key."""
    return cuts or [range(1, len(line)) for line in lines]


def _score(part: Lines) -> Likelihood | None:
    completes = opened(part.predictor, part.engine.model_dump_json())
    return likelihood.measure(completes, part.lines) if isinstance(completes, Completer) else None


def _ask(completes: Completes, prefix: str, line: str) -> Offer:
    """What is offered behind a prefix; each line is typed in a text field of its own."""
    if not isinstance(completes, Completer):
        started = time.perf_counter()
        found = completes.complete(prefix)
        return Offer(tuple(found), (time.perf_counter() - started) * 1000, 0)
    n_before, started = completes.model.n_passes, time.perf_counter()
    found = completes.complete(prefix, session=line)
    ms = (time.perf_counter() - started) * 1000
    return Offer(tuple(found), ms, completes.model.n_passes - n_before)


# -- on the disk -----------------------------------------------------------------------------------


def _spelled(prefix: str, offer: Offer) -> list[Any]:
    """An offer for JSON; a candidate's text is left out where it is what it must be."""
    rows = []
    for candidate in offer.candidates:
        row = asdict(candidate)
        if row["text"] == prefix + row["completion"]:
            del row["text"]
        rows.append(row)
    return [round(offer.ms, 3), offer.n_passes, rows]


def _offer(prefix: str, kept: list[Any]) -> Offer:
    ms, n_passes, rows = kept
    candidates = (_candidate({"text": prefix + row["completion"]} | row) for row in rows)
    return Offer(tuple(candidates), ms, n_passes)


def _candidate(row: dict[str, Any]) -> Candidate:
    fields: dict[str, Any] = {**row, "stops": tuple(map(tuple, row["stops"]))}
    return Candidate(**fields)


def _read(path: Path) -> Any:
    try:
        return json.loads(gzip.decompress(path.read_bytes()))
    except (OSError, ValueError, EOFError):
        return None  # nothing yet, or half a file: it is made again


def _write(path: Path, value: Any) -> None:
    """Keep what was found, if that can be done: it saves time, and is no result."""
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, gzip.compress(data, 1))
        kept = sorted(path.parent.iterdir(), key=lambda each: -each.stat().st_mtime_ns)
        for old in kept[_KEPT:]:
            old.unlink(missing_ok=True)
