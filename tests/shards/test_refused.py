"""Nothing foreign, damaged or out of place is taken for shards."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen import corpus, shards, vocab
from prompt_gen.errors import Damaged, Mismatch, PromptGenError, UsageError
from prompt_gen.run import Run
from prompt_gen.shards import sealed
from prompt_gen.shards.part import open_part
from prompt_gen.shards.writer import PartWriter
from prompt_gen.vocab import Tokenizer
from tests.shards.conftest import SMALL_FILE, files_of, flip


def header_of(path: Path) -> dict:
    return json.loads(path.read_bytes()[len(sealed.MAGIC) : sealed.HEADER_BYTES])


@pytest.fixture
def foreign(run: Run, tmp_path: Path) -> tuple[Run, Tokenizer]:
    """Shards of the same texts with another vocabulary."""
    other = Run(tmp_path / "other")
    shutil.copytree(run.station("corpus"), other.station("corpus"))
    letters = Tokenizer(vocab.TOKENIZERS.load("char").fit(corpus.load(run).train, 500))
    shards.write(corpus.load(other), letters, other, max_bytes=SMALL_FILE)
    return other, letters


@pytest.mark.parametrize("which", [0, 1, -1])
def test_files_of_another_vocabulary_are_refused_with_both_hashes(
    copy: Run, tokenizer: Tokenizer, foreign: tuple[Run, Tokenizer], which: int
) -> None:
    path = files_of(copy)[which]
    shutil.copy(files_of(foreign[0])[0], path)
    said = f"{path.name}.*{foreign[1].hash[:12]}.*{tokenizer.hash[:12]}"
    with pytest.raises(Mismatch, match=said):
        shards.load(copy, tokenizer)


def missing_middle(paths: list[Path]) -> tuple[str, str]:
    said = header_of(paths[2])["before"], header_of(paths[0])["texts"]
    paths[1].unlink()
    return said


def missing_first(paths: list[Path]) -> tuple[str, str]:
    said = header_of(paths[1])["before"], header_of(paths[0])["before"]
    paths[0].unlink()
    return said


def missing_last(paths: list[Path]) -> tuple[str, str]:
    said = header_of(paths[-1])["texts"], header_of(paths[-2])["texts"]
    paths[-1].unlink()
    return said


def swapped(paths: list[Path]) -> tuple[str, str]:
    said = header_of(paths[2])["before"], header_of(paths[0])["texts"]
    aside = paths[1].rename(paths[1].with_suffix(".aside"))
    paths[2].rename(paths[1])
    aside.rename(paths[2])
    return said


def of_the_other_part(paths: list[Path]) -> tuple[str, str]:
    other = paths[0].with_name("validation-00000.shard")
    said = header_of(other)["before"], header_of(paths[0])["before"]
    shutil.copy(other, paths[0])
    return said


def other_weights(paths: list[Path]) -> tuple[str, str]:
    other = paths[0].with_name("validation.weights")
    said = header_of(other)["texts"], header_of(paths[-1])["texts"]
    shutil.copy(other, paths[0].with_name("train.weights"))
    return said


@pytest.mark.parametrize(
    "spoil",
    [missing_first, missing_middle, missing_last, swapped, of_the_other_part, other_weights],
)
def test_files_that_do_not_belong_together_are_refused_with_both_hashes(
    copy: Run, tokenizer: Tokenizer, spoil
) -> None:
    said, found = spoil(files_of(copy))
    with pytest.raises(Mismatch, match=f"{said[:12]}.*{found[:12]}"):
        shards.load(copy, tokenizer)


@pytest.mark.parametrize("name", ["train-00000.shard", "train-00002.shard", "train.weights"])
@pytest.mark.parametrize("where", ["content", "end", "cut", "bare", "magic", "header", "gone"])
def test_damaged_files_are_refused(copy: Run, tokenizer: Tokenizer, name: str, where: str) -> None:
    path = copy.station("shards") / name
    size = path.stat().st_size
    match where:
        case "cut" | "bare":
            os.truncate(path, size - 9 if where == "cut" else sealed.HEADER_BYTES)
        case "gone":
            path.unlink()
        case _:
            at = {"content": sealed.HEADER_BYTES + 5, "end": -3, "magic": 1, "header": 12}
            flip(path, at[where])
    with pytest.raises((Damaged, Mismatch) if where == "gone" else Damaged, match=path.stem[:5]):
        shards.load(copy, tokenizer)


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_no_bit_can_change_unnoticed(
    data: st.DataObject, tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    where = tmp_path_factory.mktemp("part")
    writer = PartWriter(where, "train", tokenizer, shards.MAX_BYTES)
    list(writer.add(["高血压要注意", "fever"]))
    writer.finish(np.ones(2))
    path = where / data.draw(st.sampled_from(["train-00000.shard", "train.weights"]))
    content = bytearray(path.read_bytes())
    padding = range(content.index(b"}") + 1, sealed.HEADER_BYTES)  # spaces hold nothing
    at = data.draw(st.integers(0, len(content) - 1).filter(lambda i: i not in padding))
    content[at] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    with pytest.raises(PromptGenError) as refused:
        open_part(where, "train", tokenizer)
    assert isinstance(refused.value, Damaged | Mismatch)


def test_damage_is_said_with_both_hashes(copy: Run, tokenizer: Tokenizer) -> None:
    path = files_of(copy)[2]
    flip(path, -3)
    with pytest.raises(Damaged, match=rf"{path.name}.*its content is \w{{12}}, .*says \w{{12}}"):
        shards.load(copy, tokenizer)


def test_a_run_without_shards_says_what_to_do(tmp_path: Path, tokenizer: Tokenizer) -> None:
    with pytest.raises(UsageError, match="prompt-gen tokenize"):
        shards.load(Run(tmp_path / "run"), tokenizer)
