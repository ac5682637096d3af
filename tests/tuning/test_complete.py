"""A model that goes on with other text: what is refused, what it forgets, and how it is told."""

import json
from pathlib import Path

import pytest

from prompt_gen import bundle, pipeline
from prompt_gen.engine import Completer
from prompt_gen.errors import SettingError, UsageError
from prompt_gen.run import Run
from prompt_gen.settings import resolve
from tests.conftest import SMALL, lines_of

ROAD = (*(name for name in SMALL if not name.startswith(("model.", "vocab."))), "train.steps=60")


@pytest.fixture(scope="module")
def other_text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("other") / "other.txt"
    path.write_text("\n".join(lines_of("helpdesk-en.txt")[300:600]) + "\n", "utf-8")
    return path


def tuned(base: Path, data: Path, where: Path, *settings: str) -> dict:
    config = resolve((*ROAD, f"model.pretrained={base}", *settings))
    return pipeline.finetune([data], Run(where), config)


def test_replay_keeps_more_of_the_old_text(trained: Run, other_text: Path, tmp_path: Path) -> None:
    lost = {}
    for share in (0.0, 0.5):
        settings = (f"tune.replay={share}", "memory.budget=0", "engine.experts=network")
        found = tuned(trained.path, other_text, tmp_path / str(share), *settings)
        rows = {name: text["numbers"]["bits_per_char"] for name, text in found["texts"].items()}
        assert rows["new"]["difference"]["value"] < 0
        lost[share] = rows["old"]["difference"]["value"]
        kept = json.loads((tmp_path / str(share) / "evaluation" / "tuning.json").read_text("utf-8"))
        assert kept == json.loads(json.dumps(found))
    assert lost[0.5] < lost[0.0]


def test_a_stock_directory_is_tuned_with_files_of_its_old_text(
    trained: Run, corpus_file: Path, other_text: Path, tmp_path: Path
) -> None:
    stock = tmp_path / "stock"
    stock.mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (stock / name).write_bytes((trained.station("bundle") / name).read_bytes())
    with pytest.raises(UsageError, match=r"not beside it.*50%"):
        tuned(stock, other_text, tmp_path / "without", "tune.replay=0.5")
    files = ("tune.replay=0.5", f"tune.replay_files=['{corpus_file}']", "tune.weights=lora")
    found = tuned(stock, other_text, tmp_path / "with", *files)
    assert set(found["texts"]) == {"new", "old"}
    made = bundle.load(tmp_path / "with")
    assert made.facts["pretrained"] == "stock"
    assert Completer.of(made).complete("高血压")
    assert not [n for n in made.manifest["files"] if "lora" in n]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (("tune.weights=lora",), "tune.weights.*begins afresh"),
        (("model.pretrained=BASE", "tune.replay_files=['x.txt']"), "none of it is to be replayed"),
        (("model.pretrained=BASE", "tune.replay=0.3", "train.repeats=once"), "train.repeats"),
    ],
)
def test_settings_that_would_do_nothing_are_refused(
    trained: Run, other_text: Path, tmp_path: Path, settings: tuple[str, ...], said: str
) -> None:
    settings = tuple(setting.replace("BASE", str(trained.path)) for setting in settings)
    with pytest.raises(SettingError, match=said):
        pipeline.train([other_text], Run(tmp_path / "run"), resolve((*ROAD, *settings)))
    assert not (tmp_path / "run").exists()


def test_tuning_needs_something_to_go_on_from(other_text: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no model to go on from"):
        pipeline.finetune([other_text], Run(tmp_path / "run"), resolve(ROAD))
