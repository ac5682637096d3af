"""A model that answers: learned, held to stock transformers, asked in the terminal."""

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM

from prompt_gen import bundle, pipeline
from prompt_gen.engine import Completer, Labeller
from prompt_gen.engine.chat import Chat
from prompt_gen.engine.drawing import Drawing
from prompt_gen.engine.generating import Generation
from prompt_gen.errors import SettingError, TextTooLong, UsageError
from prompt_gen.run import Run
from prompt_gen.settings import resolve
from prompt_gen.tasks import Labelled
from prompt_gen.tasks.dialogue import spoken
from prompt_gen.training.answers import examples
from prompt_gen.training.examples import batch_of
from prompt_gen.training.loss import Objective

ADVICE = {"感冒": "多喝水。", "高血压": "少吃盐。", "糖尿病": "少吃糖。"}
ROAD = (
    "train.steps=80", "train.batch_tokens=256", "train.matrix_lr=0.02", "train.other_lr=0.01",
    "train.threads=1", "train.n_validations=2", "model.context=64", "evaluate.resamples=100",
    "evaluate.answered=8", "tune.task=dialogue", "export.weights=float32",
)  # fmt: skip


def tuned(base: Run, data: Path, where: Path, *settings: str) -> dict[str, Any]:
    config = resolve((*ROAD, f"model.pretrained={base.path}", *settings))
    return pipeline.finetune([data], Run(where), config)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    draw, rows = random.Random(0), list[dict[str, str]]()
    for i in range(160):
        name = draw.choice([*ADVICE])
        rows.append({"question": f"{i}岁{name}怎么办", "answer": ADVICE[name]})
    path = tmp_path_factory.mktemp("dialogue") / "pairs.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)) + "\n", "utf-8")
    return path


@pytest.fixture(scope="module")
def made(trained: Run, data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, dict]:
    where = tmp_path_factory.mktemp("runs") / "answers"
    return Run(where), tuned(trained, data, where)


def test_the_loss_is_that_of_stock_transformers_on_answers_alone(
    trained: Run, completer: Completer
) -> None:
    stock = AutoModelForCausalLM.from_pretrained(trained.path / "bundle").eval()
    parts = [
        Labelled(("感冒怎么办", "多喝水。"), ()),
        Labelled(("头痛", "多久？", "三天", "看医生"), ()),
    ]
    learned, n_cut = examples(parts, completer.tokenizer, 63)
    objective = Objective(stock).eval()
    with torch.no_grad():
        nats = objective(batch_of([learned], 64, is_causal=True), None).item()
    expected = 0.0
    for part in parts:
        (whole,) = spoken(completer.tokenizer, part.pieces, 64)
        ids = torch.tensor([whole.tokens])
        labels = torch.where(torch.tensor([whole.answers]), ids, -100)
        with torch.no_grad():
            mean = stock(input_ids=ids, labels=labels).loss.item()
        expected += mean * sum(whole.answers)
    assert n_cut == 0
    assert nats == pytest.approx(expected, rel=1e-4)


def test_answers_are_learned_and_measured(made: tuple[Run, dict]) -> None:
    run, report = made
    after, before = report["numbers"], report["before"]
    assert after["perplexity"]["value"] < 2 < before["perplexity"]["value"]
    assert after["bleu"]["value"] > 80
    assert report["retrieved"]["bleu"]["value"] > 80
    page = (run.path / "evaluation" / "report.html").read_text("utf-8")
    assert f"{after['perplexity']['value']:,.2f}" in page
    assert report["examples"][0]["question"] in page
    assert "perplexity" in (run.path / "bundle" / "README.md").read_text("utf-8")


def test_perplexity_is_that_of_stock_transformers(made: tuple[Run, dict], data: Path) -> None:
    from prompt_gen.config import EvaluateConfig
    from prompt_gen.evaluate import answers

    run, _ = made
    loaded = bundle.load(run.path)
    turns = ("7岁感冒怎么办", "多喝水。")
    config = EvaluateConfig(resamples=100)
    found = answers.measure(Chat(loaded), loaded, [Labelled(turns, ())], config)
    (whole,) = spoken(loaded.tokenizer, turns, 64)
    ids = torch.tensor([whole.tokens])
    labels = torch.where(torch.tensor([whole.answers]), ids, -100)
    with torch.no_grad():
        loss = AutoModelForCausalLM.from_pretrained(loaded.path).eval()(ids, labels=labels).loss
    assert found["numbers"]["perplexity"]["value"] == pytest.approx(loss.exp().item(), rel=1e-3)
    n_chars = len(turns[1]) + 1
    bits = loss.item() / np.log(2) * sum(whole.answers) / n_chars
    assert found["numbers"]["bits_per_char"]["value"] == pytest.approx(bits, rel=1e-3)
    assert found["before"] == {
        name: found["numbers"][name] for name in ("perplexity", "bits_per_char")
    }


def test_a_chat_remembers_what_has_room_and_refuses_what_has_none(made: tuple[Run, dict]) -> None:
    chat = Chat(bundle.load(made[0].path))
    cold = Generation(drawing=Drawing(temperature=0))
    question = "8岁糖尿病怎么办"
    assert "".join(chat.answer([question], cold)) == ADVICE["糖尿病"]
    (alike,) = chat.similar(question)
    assert "糖尿病" in alike.question
    assert alike.answer == ADVICE["糖尿病"]
    short, _ = chat.prompt([question])
    longer, _ = chat.prompt(["感冒", "多喝水。", question])
    endless, n_most = chat.prompt(["感冒", "多喝水。"] * 40 + [question])
    assert len(short.ids) < len(longer.ids) < len(endless.ids) <= 32
    assert len(endless.ids) + n_most == chat.context + 1
    warm = [
        "".join(chat.answer([question], Generation(seed=seed, drawing=Drawing(2.0))))
        for seed in (1, 1, 2)
    ]
    assert warm[0] == warm[1] != warm[2]
    with pytest.raises(TextTooLong, match="leaves 0 for its answer"):
        chat.prompt(["头痛" * 60])


def test_each_is_asked_for_what_it_was_made_for(
    made: tuple[Run, dict], trained: Run, data: Path, tmp_path: Path
) -> None:
    loaded = bundle.load(made[0].path)
    with pytest.raises(UsageError, match="prompt-gen chat DIR"):
        Completer.of(loaded)
    with pytest.raises(UsageError, match=r"tuned for 'dialogue'.*prompt-gen chat DIR"):
        Labeller(loaded)
    with pytest.raises(UsageError, match="not tuned for dialogues"):
        Chat(bundle.load(trained.path))
    with pytest.raises(SettingError, match=r"tune\.class_weights' is for labels"):
        tuned(trained, data, tmp_path / "run", "tune.class_weights=balanced")
    with pytest.raises(SettingError, match="old text is replayed"):
        tuned(trained, data, tmp_path / "run", "tune.replay=0.3")


def test_the_terminal_answers_without_torch(made: tuple[Run, dict]) -> None:
    code = (
        "import sys; sys.modules['torch'] = None; sys.modules['transformers'] = None\n"
        "from prompt_gen.cli import main; sys.argv = ['prompt-gen', *sys.argv[1:]]; main()"
    )
    command = [sys.executable, "-c", code, "chat", str(made[0].path)]
    typed = "8岁感冒怎么办\n\n9岁高血压怎么办\n"
    done = subprocess.run(command, input=typed.encode(), capture_output=True, check=True)
    answers = done.stdout.decode().splitlines()
    assert answers[0] == ADVICE["感冒"]
    assert len(answers) == 2
    assert "answered before" in done.stderr.decode()
    once = [*command, "--once", "8岁感冒怎么办", "--json", "--similar", "2"]
    done = subprocess.run(once, capture_output=True, check=True)
    row = json.loads(done.stdout)
    assert row["answer"] == ADVICE["感冒"]
    assert len(row["similar"]) == 2
