"""Lines that occur several times: shown once in an epoch, or by the root of their number."""

from pathlib import Path

import pytest

from prompt_gen import bundle
from tests.conftest import train_small


@pytest.mark.train
@pytest.mark.parametrize(("repeats", "share"), [("once", 1), ("sqrt", 2)])
def test_an_epoch_grows_by_the_root_of_the_repetitions(
    repeats: str, share: int, lines: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "lines.txt"
    path.write_text("\n".join(lines * 4), "utf-8")
    settings = ("train.steps=12", "evaluate.typed=0", f"train.repeats={repeats}")
    run = train_small(path, tmp_path / "run", *settings)
    facts = bundle.load(run.path).facts["training"]
    epochs = 12 * facts["batch_tokens"] / facts["train_tokens"]
    assert facts["epochs"] == pytest.approx(epochs / share, abs=0.006)
