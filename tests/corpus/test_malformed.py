"""Malformed files: no good line is lost, none is without a fate, and nothing but our own errors.

`PROMPT_GEN_FUZZ=10000` tries as many files; without it a sample that takes seconds.
"""

import os
import random
import resource
import shutil
from contextlib import suppress
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from prompt_gen import corpus
from prompt_gen.config import CorpusConfig
from prompt_gen.corpus import PARTS, Corpus
from prompt_gen.errors import PromptGenError
from prompt_gen.run import Run
from tests.corpus.malformed import malformed, mutated

N_FILES = int(os.environ.get("PROMPT_GEN_FUZZ", "120"))
CONFIG = CorpusConfig(workers=1)
MAX_MB = 300  # that the peak of the whole process may rise


def made_from(path: Path, *fields: str) -> Corpus:
    run = Run(path.parent / "run")
    shutil.rmtree(run.path, ignore_errors=True)
    made = corpus.read([path], CONFIG.model_copy(update={"fields": fields}), run)
    ledger = pq.read_table(run.station("corpus") / "ledger.parquet")
    assert ledger.num_rows == made.facts["lines"] == sum(made.facts["fates"].values())
    n_lines = sum(int(getattr(made, part).counts.sum()) for part in PARTS)
    fates = ledger["fate"].to_pylist()
    assert n_lines >= len(fates) - fates.count("dropped")
    return made


@pytest.mark.parametrize("start", range(0, N_FILES, 40))
def test_no_good_line_is_lost(tmp_path: Path, start: int) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for seed in range(start, min(N_FILES, start + 40)):
        case = malformed(seed)
        path = tmp_path / case.name
        path.write_bytes(case.data)
        try:
            made = made_from(path)
        except PromptGenError as error:
            if case.good:
                raise AssertionError(f"file {seed} ({case.harm})") from error
            continue
        texts = {text for part in PARTS for text in getattr(made, part)}
        lost = set(case.good) - texts
        assert not lost, f"file {seed} ({case.harm}) lost {len(lost)}: {sorted(lost)[:3]}"
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < MAX_MB


@pytest.mark.data
def test_pieces_of_real_files_with_mutations(tmp_path: Path, data: Path) -> None:
    real = ["encoding/gb18030-sample.csv", "encoding/gb18030-invalid.txt", "criteria-zh/dev.tsv"]
    real += ["banking77/test.csv", "banking77/categories.json", "llm-dev-ch17-train.txt"]
    rng = random.Random(1)
    for number in range(N_FILES // 4):
        source = data / rng.choice(real)
        path = tmp_path / f"{number}{source.suffix}"
        path.write_bytes(mutated(rng, source))
        with suppress(PromptGenError):  # refused in words
            made_from(path)
