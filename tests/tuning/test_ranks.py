"""A model that ranks: learned by either way, held to stock transformers, asked by onnxruntime."""

import io
import json
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

from prompt_gen import bundle, pipeline
from prompt_gen.cli.predictions import rank as print_scores
from prompt_gen.engine import Labeller
from prompt_gen.engine.ranker import Ranker
from prompt_gen.errors import CorpusTooSmall, UsageError
from prompt_gen.run import Run
from prompt_gen.settings import resolve
from prompt_gen.tasks import Labelled
from prompt_gen.tasks.dialogue import spoken
from prompt_gen.training.examples import batch_of
from prompt_gen.training.ranks import Objective, examples

WORDS = ("感冒", "高血压", "糖尿病", "头孢")
ROAD = (
    "train.batch_tokens=256", "model.context=64", "evaluate.resamples=100", "train.threads=1",
    "tune.task=rank", "train.n_validations=2", "export.weights=float32",
)  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A query asks for an item with advice, whatever else is in it."""
    draw, rows = random.Random(0), ["query,item,clicked"]
    for i in range(80):
        name = draw.choice(WORDS)
        rows += [f"{i}{name},{name}要注意什么,1", f"{i}{name},今天天气很好,0"]
    path = tmp_path_factory.mktemp("ranks") / "clicks.csv"
    path.write_text("\n".join(rows) + "\n", "utf-8")
    return path


def tuned(base: Run, data: Path, where: Path, *settings: str) -> dict[str, Any]:
    config = resolve((*ROAD, "train.steps=40", f"model.pretrained={base.path}", *settings))
    return pipeline.finetune([data], Run(where), config)


@pytest.mark.parametrize("scores", ["head", "likelihood"])
def test_scores_are_those_of_stock_transformers(
    trained: Run, data: Path, tmp_path: Path, scores: str
) -> None:
    report = tuned(trained, data, tmp_path / "run", f"tune.scores={scores}")
    assert report["numbers"]["mrr"]["value"] > 0.9 > report["order"]["mrr"]["value"]
    assert "MRR: " in (tmp_path / "run" / "evaluation" / "report.html").read_text("utf-8")
    loaded = bundle.load(tmp_path / "run")
    pairs = [("7感冒", "感冒要注意什么"), ("7感冒", "今天天气很好")]
    found = Ranker(loaded).scores(pairs)
    assert found[0] > found[1]
    auto = AutoModelForSequenceClassification if scores == "head" else AutoModelForCausalLM
    stock = auto.from_pretrained(loaded.path).eval()
    for pair, score in zip(pairs, found.tolist(), strict=True):
        (piece,) = spoken(loaded.tokenizer, pair, 64)
        ids = torch.tensor([piece.tokens])
        with torch.no_grad():
            if scores == "head":
                stock.config.pad_token_id = None  # the end of an item is no padding
                assert stock.config.num_labels == 1
                expected = stock(input_ids=ids).logits.sigmoid().item()
            else:
                labels = torch.where(torch.tensor([piece.answers]), ids, -100)
                expected = -stock(input_ids=ids, labels=labels).loss.item()
        assert score == pytest.approx(expected, abs=1e-3)


def test_the_loss_is_that_of_stock_transformers(trained: Run, data: Path) -> None:
    loaded = bundle.load(trained.path)
    torch.manual_seed(0)
    stock = AutoModelForSequenceClassification.from_pretrained(loaded.path, num_labels=1).eval()
    stock.config.pad_token_id = None
    pairs = [Labelled(("感冒", "多喝水"), ("1",)), Labelled(("感冒", "天气"), ("0",))]
    learned = examples(pairs, loaded.tokenizer, 64)
    with torch.no_grad():
        ours = Objective(stock, None, False)(batch_of([learned], 64, is_causal=True), None).item()
        logits = [stock(input_ids=torch.tensor([e.tokens_T.tolist()])).logits[0] for e in learned]
    expected = torch.nn.BCEWithLogitsLoss(reduction="sum")(
        torch.cat(logits), torch.tensor([1.0, 0.0])
    )
    assert ours == pytest.approx(expected.item(), rel=1e-4)


def test_each_is_asked_for_what_it_was_made_for(
    trained: Run, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    tuned(trained, data, tmp_path / "run", "train.steps=1")
    loaded = bundle.load(tmp_path / "run")
    with pytest.raises(UsageError, match="tuned for 'rank'"):
        Labeller(loaded)
    with pytest.raises(UsageError, match="not tuned to rank"):
        Ranker(bundle.load(trained.path))
    typed = '{"query": "7感冒", "item": "感冒要注意什么"}\n'
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed.encode()), "utf-8"))
    print_scores(Ranker(loaded), ["-"], as_csv=False)
    row = json.loads(capsys.readouterr().out)
    (score,) = Ranker(loaded).scores([("7感冒", "感冒要注意什么")]).tolist()
    assert row == json.loads(typed) | {"score": score}
    clicks = tmp_path / "clicks.csv"
    clicks.write_text("query,item,clicked\n" + "".join(f"{i},a,1\n" for i in range(99)), "utf-8")
    with pytest.raises(CorpusTooSmall, match="no query of the part 'train'"):
        tuned(trained, clicks, tmp_path / "other")
    assert np.isfinite(score)
