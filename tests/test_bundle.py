"""The bundle: stock to load, and refused when anything in it is not what it was."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from prompt_gen import bundle, vocab
from prompt_gen.config import EngineConfig
from prompt_gen.engine import Completer
from prompt_gen.engine.language_model import read_line
from prompt_gen.errors import Damaged, Mismatch, NotABundle, NotFound
from prompt_gen.run import Run, fingerprint
from tests.graph.graphs import with_graph


@pytest.fixture
def copy(trained: Run, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained.station("bundle"), tmp_path / "bundle"))


def test_a_run_directory_leads_to_its_bundle(trained: Run) -> None:
    assert bundle.load(trained.path).path == trained.path / "bundle"
    assert bundle.load(trained.path / "bundle").manifest == bundle.load(trained.path).manifest


def test_stock_transformers_load_it_and_complete(trained: Run, tmp_path: Path) -> None:
    where = trained.station("bundle")
    model, tokenizer = (
        AutoModelForCausalLM.from_pretrained(where), AutoTokenizer.from_pretrained(where)
    )  # fmt: skip
    ids = tokenizer("高血压患者要注意", return_tensors="pt")
    out = model.generate(**ids, max_new_tokens=8, do_sample=False)
    assert tokenizer.decode(out[0], skip_special_tokens=True).startswith("高血压患者要注意")
    with torch.no_grad():
        stock_TV = model(ids["input_ids"]).logits[0].log_softmax(-1).numpy()
    same = Completer.of(
        with_graph(bundle.load(trained.path), "float32", tmp_path), EngineConfig(experts="network")
    )
    as_made = Completer.load(trained.path, experts="network")
    for completer, bound in ((same, 1e-4), (as_made, 0.3)):  # nats; it is made in eight bits
        probs_TV, _ = read_line(completer.model, ids["input_ids"][0].tolist())
        assert abs(stock_TV - np.log(probs_TV)).max() < bound


@pytest.mark.parametrize(
    "name", ["model.safetensors", "model.onnx", "config.json", "tokenizer_config.json"]
)
def test_a_flipped_bit_is_refused_with_both_hashes(copy: Path, name: str) -> None:
    data = bytearray((copy / name).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / name).write_bytes(data)
    expected = json.loads((copy / "manifest.json").read_text())["files"][name]
    with pytest.raises(Damaged, match=f"{name}.*SHA-256 is .*{expected[:12]}"):
        bundle.load(copy)


def test_a_foreign_tokenizer_is_refused_with_both_hashes(copy: Path) -> None:
    ours = vocab.load_tokenizer(copy)
    foreign = vocab.Tokenizer(vocab.TOKENIZERS.load("char").fit(["别的词表"], 600))
    foreign.save(copy)
    with pytest.raises(Mismatch, match=f"{foreign.hash[:12]}.*{ours.hash[:12]}"):
        bundle.load(copy)


def test_a_foreign_tokenizer_does_not_pass_with_a_mended_manifest(copy: Path) -> None:
    from prompt_gen.storage import file_hash

    foreign = vocab.Tokenizer(vocab.TOKENIZERS.load("char").fit(["别的词表"], 600))
    foreign.save(copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["vocab_hash"] = foreign.hash
    manifest["files"] |= {
        name: file_hash(copy / name) for name in ("tokenizer.json", "tokenizer_config.json")
    }
    (copy / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(Mismatch, match="graph was made for vocabulary"):
        Completer.load(copy)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "config.json"])
def test_a_missing_file_is_named(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(Damaged, match=f"{name}' is missing"):
        bundle.load(copy)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 99, "files": {}, "vocab_hash": ""}'])
def test_an_unreadable_manifest_is_refused(copy: Path, text: str) -> None:
    (copy / "manifest.json").write_text(text)
    with pytest.raises(Damaged, match=r"manifest\.json"):
        bundle.load(copy)


def test_other_directories_are_not_bundles(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        bundle.load(tmp_path / "nothing")
    with pytest.raises(NotABundle, match="prompt-gen train"):
        bundle.load(tmp_path)
    (tmp_path / "training" / "checkpoints").mkdir(parents=True)
    with pytest.raises(NotABundle, match="--resume"):
        bundle.load(tmp_path)


@pytest.fixture
def calibrated(copy: Path) -> bundle.Bundle:
    loaded = bundle.load(copy)
    bundle.attach_calibration(loaded, 2.0, {"keys": 100})
    return bundle.load(copy)


def test_a_bundle_keeps_its_calibration(copy: Path, calibrated: bundle.Bundle) -> None:
    assert calibrated.temperature == 2.0
    assert json.loads((copy / "calibration.json").read_text("utf-8"))["keys"] == 100
    (copy / "calibration.json").unlink()
    assert bundle.load(copy).temperature == 1.0


def test_calibration_moves_scores_and_keeps_the_order(
    completer: Completer, calibrated: bundle.Bundle
) -> None:
    before = completer.complete("高血压患者", deadline_ms=60_000)
    after = Completer.of(calibrated).complete("高血压患者", deadline_ms=60_000)
    assert [c.text for c in after] == [c.text for c in before]
    for raw, ours in zip(before, after, strict=True):
        odds, ours_odds = (c.score / (1 - c.score) for c in (raw, ours))
        assert ours_odds == pytest.approx(odds**0.5, rel=1e-6)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "7", "\xff", '{"temperature": 0}', '{"temperature": -1.0}',
     '{"temperature": NaN}', '{"temperature": Infinity}', '{"temperature": "2"}',
     '{"temperature": true}', '{"temperature": null}', f'{{"temperature": 1{"0" * 400}}}'],
)  # fmt: skip
def test_a_damaged_calibration_is_refused(copy: Path, text: str) -> None:
    (copy / "calibration.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(Damaged, match=r"calibration\.json.*Remove the file"):
        Completer.load(copy)


def test_the_card_tells_the_data_the_numbers_and_the_command(trained: Run) -> None:
    loaded = bundle.load(trained.path)
    card = (loaded.path / "README.md").read_text("utf-8")
    assert loaded.facts["corpus"]["fingerprint"] in card
    assert f"{loaded.report['headline']['bits_per_char']['value']:.3f}" in card
    assert "prompt-gen train" in card
    assert loaded.facts["script"] == "cjk"


def test_fingerprints_change_with_any_part() -> None:
    base = fingerprint(1, {"a": 1}, ["x"])
    assert base == fingerprint(1, {"a": 1}, ["x"])
    assert len({base, fingerprint(2, {"a": 1}, ["x"]), fingerprint(1, {"a": 2}, ["x"]),
                fingerprint(1, {"a": 1}, ["y"])}) == 4  # fmt: skip
