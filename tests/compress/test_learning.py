"""Students, pruned networks and smaller vocabularies: what is made is what was asked for."""

import json
import re
from pathlib import Path

import pytest
from safetensors.numpy import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from prompt_gen import bundle
from prompt_gen.engine import Completer
from prompt_gen.errors import Interrupted, Mismatch, SettingError
from prompt_gen.pipeline import side_by_side
from prompt_gen.run import Run
from prompt_gen.training.loop import Session
from tests.compress.made import compressed
from tests.conftest import lines_of
from tests.export.made import bundle_of


@pytest.fixture(autouse=True)
def _unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measuring takes most of the time, and has its tests in test_quantize."""
    row = {"name": "after", "model_mb": {"value": 1.0}}
    monkeypatch.setattr(side_by_side, "measure", lambda *_: {"rows": [row]})


STUDENT = ("compress.method=distil", "model.layers=2", "model.width=64", "model.start=random")


def test_a_student_has_its_shape_and_its_teachers_vocabulary(trained: Run, tmp_path: Path) -> None:
    settings = (*STUDENT, f"compress.teachers=['{trained.path}']")
    found = compressed(trained.path, tmp_path / "out", *settings)
    assert found.bundle.facts["shape"] == "2 x 64"
    assert found.bundle.facts["training"]["steps"] == 4
    assert found.bundle.tokenizer.hash == bundle.load(trained.path).tokenizer.hash
    assert Completer.of(found.bundle).complete("高血压")
    assert not any("teacher" in name for name in _weights(found.bundle.path.parent))


def test_a_student_goes_on_where_it_was_stopped(
    trained: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = compressed(trained.path, tmp_path / "whole", *STUDENT)
    step = Session.step

    def stopped(session: Session) -> object:
        if session.progress.step == 2:
            session.save()
            raise Interrupted("stopped")
        return step(session)

    monkeypatch.setattr(Session, "step", stopped)
    with pytest.raises(Interrupted, match="stopped") as caught:
        compressed(trained.path, tmp_path / "parts", *STUDENT)
    assert "prompt-gen compress --out" in caught.value.hint
    monkeypatch.undo()
    compressed(trained.path, tmp_path / "parts", *STUDENT, resume=True)
    expected = _weights(whole.bundle.path.parent)
    for name, weight in _weights(tmp_path / "parts").items():
        assert (weight == expected[name]).all(), name


def test_teachers_must_speak_of_the_same_tokens(trained: Run, tmp_path: Path) -> None:
    other = bundle_of(tmp_path, "qwen3", "bpe")
    with pytest.raises(Mismatch, match="has the vocabulary"):
        compressed(trained.path, tmp_path / "o", *STUDENT, f"compress.teachers=['{other.path}']")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (("compress.method=distil",), "a student needs a shape"),
        (("compress.method=prune",), "nothing is to be pruned"),
        (("compress.method=vocab",), "needs a size"),
        (("compress.method=vocab", "compress.vocab_size=90"), "is 90, and .* has 900"),
        (("compress.method=vocab", "compress.vocab_size=900"), "from 258 .* to 899"),
    ],
)
def test_what_cannot_be_made_is_refused(
    trained: Run, tmp_path: Path, settings: tuple[str, ...], said: str
) -> None:
    with pytest.raises(SettingError) as caught:
        compressed(trained.path, tmp_path / "out", *settings)
    assert re.search(said, str(caught.value))
    assert not (tmp_path / "out" / "bundle").exists()


def test_channels_and_heads_are_gone_and_the_stock_class_opens_what_is_left(
    trained: Run, tmp_path: Path
) -> None:
    settings = ("compress.channels=0.75", "compress.stock=true", "compress.recover=false")
    found = compressed(trained.path, tmp_path / "out", "compress.method=prune", *settings)
    config = json.loads((found.bundle.path / "config.json").read_text("utf-8"))
    assert config["intermediate_size"] == 48
    model = AutoModelForCausalLM.from_pretrained(found.bundle.path)
    tokenizer = AutoTokenizer.from_pretrained(found.bundle.path)
    ids = tokenizer("高血压", return_tensors="pt")
    assert model(**ids).logits.shape[-1] == found.bundle.tokenizer.size
    assert found.bundle.facts["training"]["parameters"] == model.num_parameters()


def test_zeros_are_there_behind_a_recovery(trained: Run, tmp_path: Path) -> None:
    settings = ("compress.method=prune", "compress.zeros=0.6", "compress.weights=float32")
    found = compressed(trained.path, tmp_path / "out", *settings)
    weights = _weights(found.bundle.path.parent)
    before = load_file(bundle.load(trained.path).path / "model.safetensors")
    for name, weight in weights.items():
        if weight.ndim == 2:
            assert (weight == 0).mean() == pytest.approx(0.6, abs=0.01)
            assert (weight != before[name]).mean() > 0.9  # and the rest has learned
    sizes = side_by_side.sizes_of(found.bundle)
    assert sizes["packed_mb"] < 0.7 * sizes["model_mb"]


def test_a_smaller_vocabulary_keeps_rows_and_reads_any_text(trained: Run, tmp_path: Path) -> None:
    settings = ("compress.method=vocab", "compress.vocab_size=600", "compress.recover=false")
    found = compressed(trained.path, tmp_path / "out", *settings)
    tokenizer, old = found.bundle.tokenizer, bundle.load(trained.path)
    assert tokenizer.size == 600
    for text in (*lines_of("health-zh.txt")[:50], "\x00é👩 <|eos|>"):
        assert tokenizer.decode(tokenizer.encode(text)) == text
    name = "model.embed_tokens.weight"
    rows = _weights(found.bundle.path.parent)[name]
    before = load_file(old.path / "model.safetensors")[name]
    numbers = {data: i for i, data in enumerate(old.tokenizer.token_bytes) if data}
    for i, data in enumerate(tokenizer.token_bytes):
        if data:
            assert (rows[i] == before[numbers[data]]).all()


def _weights(run: Path) -> dict:
    return load_file(run / "training" / "best" / "model.safetensors")
