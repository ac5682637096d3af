"""A model that labels: learned, interrupted, held to stock transformers, asked by onnxruntime."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification

from prompt_gen import bundle, export, pipeline
from prompt_gen.config import validated
from prompt_gen.engine import Completer, Labeller
from prompt_gen.errors import Interrupted, SettingError, UsageError
from prompt_gen.pipeline.tuned import Tuning
from prompt_gen.run import Event, Run, silent
from prompt_gen.settings import RunConfig, resolve
from prompt_gen.tasks import read_text
from tests.conftest import train_small

DRUGS, DISEASES = ("阿司匹林", "头孢", "青霉素"), ("高血压", "糖尿病", "感冒")
ROAD = ("train.batch_tokens=256", "model.context=64", "evaluate.resamples=100", "train.threads=1")
STEPS = "train.steps=60"


def sentences(n: int = 240) -> list[tuple[str, str, str]]:
    """Texts about a drug or a disease, with its name."""
    draw = random.Random(0)
    made = []
    for i in range(n):
        kind, names = draw.choice((("drug", DRUGS), ("disease", DISEASES)))
        name = draw.choice(names)
        made.append((draw.choice((f"{name}{i}要注意什么", f"医生，{i}岁{name}怎么办")), kind, name))
    return made


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    where = tmp_path_factory.mktemp("labels")
    rows, blocks = ["text,label"], []
    for text, kind, name in sentences():
        rows.append(f"{text},{kind}")
        at = text.index(name)
        tags = [f"{'B' if i == at else 'I'}-{kind}" if at <= i < at + len(name) else "O"
                for i in range(len(text))]  # fmt: skip
        blocks.append("\n".join(f"{c}\t{t}" for c, t in zip(text, tags, strict=True)))
    (where / "classify.csv").write_text("\n".join(rows) + "\n", "utf-8")
    (where / "tag.bio").write_text("\n\n".join(blocks) + "\n", "utf-8")
    return {"classify": where / "classify.csv", "tag": where / "tag.bio"}


@pytest.fixture(scope="module")
def gpt2(corpus_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    where = tmp_path_factory.mktemp("runs") / "gpt2"
    return train_small(corpus_file, where, "model.architecture=gpt2", "evaluate.typed=0")


def tuned(base: Run, files: dict[str, Path], task: str, where: Path, *settings: str) -> dict:
    config = resolve(
        (*ROAD, STEPS, f"model.pretrained={base.path}", f"tune.task={task}", *settings)
    )
    return pipeline.finetune([files[task]], Run(where), config)


@pytest.mark.parametrize(
    ("architecture", "task", "settings"),
    [
        ("qwen3", "classify", ("tune.weights=lora", "train.other_lr=0.01")),
        ("qwen3", "tag", ()),
        ("qwen3", "tag", ("tune.reads=twice", "tune.class_weights=balanced")),
        ("gpt2", "classify", ("tune.layer_decay=0.9",)),
        ("gpt2", "tag", ("tune.reads=once", "export.weights=float32")),
    ],
)
def test_what_is_served_is_what_stock_transformers_say(
    trained: Run, gpt2: Run, files: dict[str, Path], tmp_path: Path, architecture: str, task: str,
    settings: tuple[str, ...],
) -> None:  # fmt: skip
    base = gpt2 if architecture == "gpt2" else trained
    report = tuned(base, files, task, tmp_path / "run", *settings, "export.weights=float32")
    assert report["numbers"][report["score"]]["value"] > 0.6
    made = bundle.load(tmp_path / "run")
    labeller = Labeller(made)
    auto = AutoModelForTokenClassification if task == "tag" else AutoModelForSequenceClassification
    stock, told = auto.from_pretrained(made.path, output_loading_info=True)
    assert not any(told[f"{kind}_keys"] for kind in ("missing", "unexpected", "mismatched"))
    assert [stock.config.id2label[i] for i in range(len(labeller.labels))] == labeller.labels
    texts = [text for text, _, _ in sentences(9)]
    pieces = [[*text] if task == "tag" else [text] for text in texts]
    for row, probs_PK in zip(pieces, labeller.probabilities(pieces), strict=True):
        (reading,) = read_text(made.tokenizer, row, 64, labeller.task["reads"])
        ids = torch.tensor([reading.tokens])
        around = torch.ones(1, 1, len(reading.tokens), len(reading.tokens), dtype=torch.bool)
        mask = around if labeller.task["reads"] == "around" else None
        with torch.no_grad():
            logits = stock.eval()(input_ids=ids, attention_mask=mask).logits
        wanted = logits[0, reading.places] if task == "tag" else logits
        np.testing.assert_allclose(probs_PK, wanted.softmax(-1).numpy(), atol=1e-4)


@pytest.fixture(scope="module")
def taggers(trained: Run, files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = Run(tmp_path_factory.mktemp("runs") / "tags")
    tuned(trained, files, "tag", run.path)
    return run


def test_what_is_found_is_where_it_stands(taggers: Run) -> None:
    labeller = Labeller(bundle.load(taggers.path))
    text = "医生，7岁感冒怎么办"
    assert labeller.tag(["", text])[0] == []
    for found in labeller.tag([text])[0]:
        assert text[found.start : found.end] == found.text
        assert 0 < found.score <= 1
    assert ("disease", "感冒") in [(f.type, f.text) for f in labeller.tag([text])[0]]
    together = labeller.probabilities([[*text], [*text[:5]]])
    alone = [labeller.probabilities([[*each]])[0] for each in (text, text[:5])]
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_each_is_asked_for_what_it_was_made_for(taggers: Run, trained: Run) -> None:
    made = bundle.load(taggers.path)
    with pytest.raises(UsageError, match=r"tuned for 'tag', not for 'classify'"):
        Labeller(made).classify(["x"])
    with pytest.raises(UsageError, match=r"tuned for 'tag': it does not complete"):
        Completer.of(made)
    with pytest.raises(UsageError, match=r"tuned for 'tag'.*what is exported completes"):
        export.write(made, "onnx", taggers.path / "exported")
    with pytest.raises(UsageError, match="completes: it was not tuned"):
        Labeller(bundle.load(trained.path))


def test_a_long_text_is_labelled_to_its_end(taggers: Run) -> None:
    text = "今天天气很好，" * 20 + "医生，感冒怎么办"
    labeller = Labeller(bundle.load(taggers.path))
    (rows,) = labeller.probabilities([[*text]])
    assert len(rows) == len(text)
    assert labeller.tag([text])[0][-1].text == "感冒"


def test_the_page_and_the_card_tell_how_good_it_is(taggers: Run) -> None:
    report = json.loads((taggers.path / "evaluation" / "report.json").read_text("utf-8"))
    value = report["numbers"]["micro_f1"]["value"]
    page = (taggers.path / "evaluation" / "report.html").read_text("utf-8")
    assert f"{100 * value:.1f} %" in page
    assert "disease" in page
    assert "micro_f1" in (taggers.path / "bundle" / "README.md").read_text("utf-8")
    training = (taggers.path / "training" / "report.html").read_text("utf-8")
    assert "micro_f1" in training


def test_an_interrupted_tuning_goes_on_to_the_same_weights(
    trained: Run, files: dict[str, Path], tmp_path: Path
) -> None:
    whole, broken = (Run(tmp_path / name) for name in ("whole", "broken"))
    settings = ("train.steps=24", "tune.weights=lora")
    tuned(trained, files, "classify", whole.path, *settings)

    def press(event: Event) -> None:
        if event.facts.get("step", 0) >= 8 and "validation_score" in event.facts:
            os.kill(os.getpid(), signal.SIGINT)

    config = resolve((*ROAD, *settings, f"model.pretrained={trained.path}", "tune.task=classify"))
    with pytest.raises(Interrupted, match=f"finetune --out {broken.path} --resume"):
        pipeline.finetune([files["classify"]], broken, config, press)
    again = validated(RunConfig, broken.request.settings)
    pipeline.finetune([], broken, again, resume=True)
    weights = [(run.path / "bundle" / "model.safetensors").read_bytes() for run in (whole, broken)]
    assert weights[0] == weights[1]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (("tune.replay=0.3",), "old text is replayed"),
        (("tune.reads=around",), "judged at its last token"),
        (("tune.task=tag", 'tune.augment=["swap"]'), "'tune.augment' is for"),
    ],
)
def test_settings_of_other_tasks_are_refused(
    trained: Run, files: dict[str, Path], tmp_path: Path, settings: tuple[str, ...], said: str
) -> None:
    with pytest.raises(SettingError, match=said):
        tuned(trained, files, "classify", tmp_path / "run", *settings)


def test_changed_copies_are_learned_from_and_not_measured_on(
    trained: Run, files: dict[str, Path], tmp_path: Path
) -> None:
    """And the model that is gone on from writes those that are sampled, the same each time."""
    settings = (
        "train.steps=2",
        'tune.augment=["delete","sample"]',
        f"model.pretrained={trained.path}",
    )
    config = resolve((*ROAD, *settings, "tune.task=classify"))
    begun = [
        Tuning.begin(
            [files["classify"]], Run(tmp_path / name), config, silent, resume=False, force=False
        )
        for name in ("one", "other")
    ]
    tuning = begun[0]
    more = tuning.learned[len(tuning.texts.train) :]
    assert len(tuning.texts.train) // 2 < len(more) <= 2 * len(tuning.texts.train)
    assert begun[1].learned == tuning.learned
    held_out = {each.pieces for each in (*tuning.texts.validation, *tuning.texts.test)}
    assert not held_out & {each.pieces for each in tuning.texts.train}
    assert {each.labels for each in more} == {("drug",), ("disease",)}
    report = tuned(trained, files, "classify", tmp_path / "run", *settings)
    assert report["texts_of"]["texts"]["train"] == len(tuning.texts.train)


def test_predict_prints_a_line_for_each_text(taggers: Run) -> None:
    """And nothing of it needs torch."""
    code = (
        "import sys; sys.modules['torch'] = None; sys.modules['transformers'] = None\n"
        "from prompt_gen.cli import main; sys.argv = ['prompt-gen', *sys.argv[1:]]; main()"
    )
    typed = "医生，7岁感冒怎么办\n你好\n"
    outputs = {}
    for kind in ("jsonl", "csv"):
        command = [sys.executable, "-c", code, "predict", str(taggers.path), "--format", kind]
        done = subprocess.run(command, input=typed.encode(), capture_output=True, check=True)
        outputs[kind] = done.stdout.decode().splitlines()
    rows = [json.loads(line) for line in outputs["jsonl"]]
    assert [row["text"] for row in rows] == typed.splitlines()
    assert {"type": "disease", "text": "感冒"}.items() <= rows[0]["entities"][0].items()
    assert outputs["csv"][0] == "text,type,entity,start,end,score"
    assert outputs["csv"][1].startswith("医生，7岁感冒怎么办,disease,感冒,")
