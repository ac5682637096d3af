"""Every target, opened in its stock engine: the same ids, the same texts, the same numbers."""

import importlib.util
import json
import shutil
import tarfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from prompt_gen import export
from prompt_gen.bundle import Bundle
from prompt_gen.cli import main
from prompt_gen.errors import (
    Mismatch,
    MissingExtra,
    NotFound,
    OutputExists,
    UnknownChoice,
    UsageError,
)  # fmt: skip
from prompt_gen.export import EXPORTERS, parity
from prompt_gen.export.reference import Reference
from prompt_gen.export.source import Source
from prompt_gen.export.strings import strings
from tests.export.made import bundle_of

WEIGHTS = [(target, kind) for target in EXPORTERS for kind in EXPORTERS.load(target).WEIGHTS]


@pytest.fixture(
    scope="module",
    params=[(a, k) for a in ("gpt2", "qwen3") for k in ("bpe", "unigram")],
    ids="-".join,
)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return bundle_of(tmp_path_factory.mktemp("made"), *request.param)


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return bundle_of(tmp_path_factory.mktemp("one"), "qwen3", "bpe")


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enough to find what is wrong; an export by itself compares more."""
    monkeypatch.setattr(parity, "N_PREFIXES", 25)
    monkeypatch.setattr(parity, "N_STRINGS", 1000)


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    """Files by the names of those of onnxruntime-web: they are copied, and nobody looks inside."""
    where = tmp_path / "onnxruntime-web" / "dist"
    where.mkdir(parents=True)
    for name in EXPORTERS.load("browser").PARTS:
        (where / name).write_text("// not it", "utf-8")
    return where.parent


def need(target: str) -> None:
    part = EXPORTERS.load(target)
    for library in (*part.NEEDS, *part.ENGINE):
        pytest.importorskip(library, reason=f"'{library}' is not installed (extra export)")


@pytest.mark.parametrize(("target", "weights"), WEIGHTS)
def test_what_its_engine_says_is_what_the_bundle_says(
    target: str, weights: str, made: Bundle, runtime: Path, tmp_path: Path
) -> None:
    pytest.importorskip("gguf", reason="'gguf' is not installed (extra export)")
    if target == "gguf" and made.facts["vocab_kind"] != "bpe":
        with pytest.raises(UsageError, match=r"type Unigram.*--kind bpe"):
            export.write(made, target, tmp_path / "out", weights)
        return
    need(target)
    found = export.write(made, target, tmp_path / "out", weights, runtime=runtime)
    assert found["checked"]
    assert found["prefixes"] == parity.N_PREFIXES
    if weights == "float32":
        assert found["identical"] + found["ties"] == parity.N_PREFIXES
        assert found["ties"] <= 1  # they are rare
    else:
        assert 1e-3 < found["share"] < 0.1  # float32 would be nearer by far
    kept = json.loads((tmp_path / "out" / "parity.json").read_text("utf-8"))
    assert kept == {name: value for name, value in found.items() if name != "bytes"}
    assert "identical" in (tmp_path / "out" / "README.md").read_text("utf-8")


class Echo:
    """An engine that says what the bundle says, but for what a test changes."""

    def __init__(self, source: Source) -> None:
        self._reference, self._tokenizer = Reference(source), source.tokenizer

    def logits(self, ids: Sequence[int]) -> np.ndarray:
        return self._reference.log_probabilities(ids) + 3.0  # a constant that softmax removes

    def greedy(self, rows: Sequence[Sequence[int]], n: int) -> list[list[int]]:
        return self._reference.greedy(rows, n)

    def encode(self, texts: Sequence[str]) -> list[list[int]] | None:
        return [[self._tokenizer.bos_id, *self._tokenizer.encode(text)] for text in texts]


class Colder(Echo):
    def logits(self, ids: Sequence[int]) -> np.ndarray:
        return 1.01 * super().logits(ids)


class Shorter(Echo):
    def greedy(self, rows: Sequence[Sequence[int]], n: int) -> list[list[int]]:
        return [ids[:-1] for ids in super().greedy(rows, n)]


class Trimming(Echo):
    def encode(self, texts: Sequence[str]) -> list[list[int]] | None:
        return super().encode([text.strip() for text in texts])


def test_an_engine_that_agrees_passes(one: Bundle) -> None:
    source = Source.of(one)
    found = parity.compare(source, Echo(source), 1e-3, "float32")
    assert (found["identical"], found["ties"], found["same_ids"]) == (25, 0, 1000)
    assert found["largest"] < 1e-4


@pytest.mark.parametrize(
    ("engine", "told"),
    [(Colder, "differ by"), (Shorter, "greedily"), (Trimming, "strings otherwise")],
)
def test_an_engine_that_says_something_else_is_found_out(
    engine: type[Echo], told: str, one: Bundle
) -> None:
    source = Source.of(one)
    with pytest.raises(Mismatch, match=told):
        parity.compare(source, engine(source), 1e-3, "float32")


def test_nothing_is_left_of_an_export_that_says_something_else(
    one: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EXPORTERS.load("onnx"), "bound", lambda *_: 0.0)
    with pytest.raises(Mismatch):
        export.write(one, "onnx", tmp_path / "out")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("target", EXPORTERS)
def test_a_missing_library_is_named_before_any_work(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs = EXPORTERS.load(target).NEEDS
    if not needs:
        pytest.skip("it is written by the base install")
    found = importlib.util.find_spec
    monkeypatch.setattr(export, "find_spec", lambda name: None if name in needs else found(name))
    with pytest.raises(MissingExtra, match=rf"'{target}'.*'{needs[0]}'.*prompt-gen\[\w+\]"):
        export.check(target)


def test_an_export_that_cannot_be_opened_here_says_so(
    one: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(export, "find_spec", lambda n: None if n == "transformers" else found(n))
    told = export.write(one, "hf", tmp_path / "out")
    assert (told["checked"], told["why"]) == (False, "'transformers' is not installed")
    assert "Not checked" in (tmp_path / "out" / "README.md").read_text("utf-8")


def test_unknown_targets_and_weights_are_refused() -> None:
    with pytest.raises(UnknownChoice, match=r"'onx'.*'onnx'"):
        export.check("onx")
    with pytest.raises(UsageError, match=r"'hf'.*'int8'.*float32"):
        export.check("hf", "int8")


def test_an_architecture_that_a_target_cannot_hold_is_refused(one: Bundle, tmp_path: Path) -> None:
    where = tmp_path / "bundle"
    shutil.copytree(one.path, where)
    config = json.loads((where / "config.json").read_text("utf-8"))
    (where / "config.json").write_text(json.dumps(config | {"model_type": "mamba"}), "utf-8")
    for target in EXPORTERS:
        if target != "hf":
            with pytest.raises(UsageError, match="mamba"):
                export.write(replace(one, path=where), target, tmp_path / "out")
            assert not (tmp_path / "out").exists()


def test_without_onnxruntime_web_the_way_to_it_is_told(
    one: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFound, match="npm pack onnxruntime-web"):
        export.write(one, "browser", tmp_path / "out")
    with pytest.raises(NotFound, match=r"no 'ort.*npm pack onnxruntime-web"):
        export.write(one, "browser", tmp_path / "out", runtime=tmp_path)
    assert not (tmp_path / "out").exists()


def test_onnxruntime_web_is_taken_as_npm_leaves_it(
    one: Bundle, runtime: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    with tarfile.open(here / "onnxruntime-web-1.2.3.tgz", "w:gz") as packed:
        packed.add(runtime, "package")
    monkeypatch.chdir(here)
    export.write(one, "browser", tmp_path / "out")
    kept = {file.name for file in (tmp_path / "out" / "onnxruntime-web").iterdir()}
    assert kept == set(EXPORTERS.load("browser").PARTS)


def test_nothing_is_written_over_unasked(one: Bundle, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export.write(one, "hf", out)
    with pytest.raises(OutputExists, match="--force"):
        export.write(one, "hf", out)
    export.write(one, "hf", out, force=True)
    (out / "parity.json").unlink()  # somebody else's directory
    with pytest.raises(OutputExists, match="no export"):
        export.write(one, "hf", out, force=True)
    for place in (one.path, one.path.parent):
        with pytest.raises(OutputExists, match="bundle itself"):
            export.write(one, "hf", place, force=True)


def test_strings_are_the_same_each_time_and_of_many_kinds(one: Bundle) -> None:
    found = strings(one.tokenizer, ["高血压要注意休息"], 2000)
    assert found == strings(one.tokenizer, ["高血压要注意休息"], 2000)
    assert len(set(found)) == 2000
    assert any("🌀" <= character <= "🙏" for text in found for character in text)
    for wanted in ("é", "，", "\n", "高血压", " "):
        assert any(wanted in text for text in found), wanted


def test_prefixes_are_what_the_network_writes(one: Bundle) -> None:
    prefixes = Reference(Source.of(one)).prefixes(100)
    assert prefixes == Reference(Source.of(one)).prefixes(100)
    assert len(set(prefixes)) == 100
    assert all(prefixes)


def test_the_command_tells_what_was_compared(
    one: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    argv = ["prompt-gen", "export", str(one.path), "--to", "onnx", "--out", str(out)]
    monkeypatch.setattr("sys.argv", argv)
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    assert "greedy continuations of 25 of 25 prefixes are identical" in capsys.readouterr().out
    assert (out / "model.onnx").is_file()
