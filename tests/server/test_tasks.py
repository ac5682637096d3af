"""Labels by HTTP: what is answered, what is refused, and what is served beside what."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from prompt_gen import bundle, pipeline, server
from prompt_gen.config import EngineConfig, ServeConfig
from prompt_gen.engine import Labeller
from prompt_gen.errors import UsageError
from prompt_gen.run import Run
from prompt_gen.settings import resolve
from tests.cli.running import refused

ROAD = ("train.batch_tokens=256", "model.context=64", "evaluate.resamples=100", "train.steps=20")
LOOPBACK = "http://127.0.0.1"


@pytest.fixture(scope="module")
def tuned(trained: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A bundle for each task, learned in a moment."""
    where = tmp_path_factory.mktemp("tasks")
    texts = [(f"{name}{i}怎么办", name) for i in range(40) for name in ("感冒", "头孢")]
    table = "".join(f"{text},{name}\n" for text, name in texts)
    (where / "classify").write_text(f"text,label\n{table}", "utf-8")
    (where / "classify").rename(where / "classify.csv")
    blocks = ("".join(f"{c}\t{'B-' if i == 0 else 'I-' if i == 1 else ''}{'x' if i < 2 else 'O'}\n"
                      for i, c in enumerate(text)) for text, _ in texts)  # fmt: skip
    (where / "tag.bio").write_text("\n".join(blocks), "utf-8")
    for task, name in (("classify", "classify.csv"), ("tag", "tag.bio")):
        config = resolve((*ROAD, f"tune.task={task}", f"model.pretrained={trained.path}"))
        pipeline.finetune([where / name], Run(where / task), config)
    return {task: where / task for task in ("classify", "tag")}


@pytest.fixture(scope="module")
def asked(trained: Run, tuned: dict[str, Path]) -> Iterator[TestClient]:
    config = ServeConfig(labels=tuple(map(str, tuned.values())))
    app = server.create_app(bundle.load(trained.path), EngineConfig(), config)
    with TestClient(app, base_url=LOOPBACK) as client:
        yield client


def test_labels_are_those_of_the_bundle(asked: TestClient, tuned: dict[str, Path]) -> None:
    texts = ["感冒怎么办", "", "头孢"]
    answer = asked.post("/v1/classify", json={"texts": texts, "n": 2}).json()
    expected = Labeller(bundle.load(tuned["classify"])).classify(texts, 2)
    assert answer["model"] == "classify"
    assert 0 <= answer["timing"]["queue_ms"] <= answer["timing"]["total_ms"]
    assert [[row["label"] for row in rows] for rows in answer["results"]] == [
        [label.label for label in row] for row in expected
    ]
    assert sum(row["score"] for row in answer["results"][0]) == pytest.approx(1, abs=1e-4)


def test_entities_say_where_they_stand(asked: TestClient) -> None:
    text = "感冒7怎么办"
    answer = asked.post("/v1/tag", json={"texts": [text, ""]}).json()
    assert answer["results"][1] == []
    for row in answer["results"][0]:
        assert text[row["start"] : row["end"]] == row["text"]


@pytest.mark.parametrize(
    ("path", "body", "status", "param"),
    [
        ("/v1/classify", {"texts": []}, 422, "texts"),
        ("/v1/classify", {"texts": ["a"] * 65}, 422, "texts"),
        ("/v1/classify", {"texts": ["a"], "n": 0}, 422, "n"),
        ("/v1/tag", {"texts": ["a"], "n": 1}, 422, "n"),
        ("/v1/tag", {"texts": ["a", "b" * 2001]}, 413, "texts.1"),
    ],
)
def test_what_is_wrong_is_named(
    asked: TestClient, path: str, body: dict, status: int, param: str
) -> None:
    answer = asked.post(path, json=body)
    assert answer.status_code == status
    assert answer.json()["error"]["param"] == param


def test_without_such_a_bundle_the_way_to_one_is_said(client) -> None:
    answer = client.post("/v1/tag", json={"texts": ["a"]})
    assert answer.status_code == 404
    assert "--labels DIR" in answer.json()["error"]["message"]


def test_two_bundles_for_one_task_are_refused(trained: Run, tuned: dict[str, Path]) -> None:
    config = ServeConfig(labels=(str(tuned["tag"]), str(tuned["tag"])))
    with pytest.raises(UsageError, match="were tuned for 'tag'"):
        server.create_app(bundle.load(trained.path), EngineConfig(), config)


def test_a_server_says_where_it_is_only_when_it_can_serve(trained: Run) -> None:
    """A bundle that completes is no one that labels: that is said in place of the address."""
    off = ("--set", "feedback.enabled=false")
    said = refused(2, "serve", trained.path, "--port", "0", "--labels", trained.path, *off)
    assert "was not tuned to label" in said
    assert "http://" not in said
