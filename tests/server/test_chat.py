"""Chat completions as OpenAI's client speaks them, and the conversation on the page."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from axe_playwright_python.sync_playwright import Axe
from openai import OpenAI
from playwright.sync_api import Browser, expect

from prompt_gen import bundle, pipeline, server
from prompt_gen.config import EngineConfig, ServeConfig
from prompt_gen.engine.chat import Chat
from prompt_gen.engine.drawing import Drawing
from prompt_gen.engine.generating import Generation
from prompt_gen.errors import UsageError
from prompt_gen.run import Run
from prompt_gen.settings import resolve
from tests.server.conftest import serving

QUESTION = "感冒怎么办"
ROAD = ("tune.task=dialogue", "train.steps=30", "train.batch_tokens=256", "model.context=64",
        "train.other_lr=0.01", "train.n_validations=1", "train.threads=1", "evaluate.answered=2",
        "evaluate.resamples=100")  # fmt: skip


@pytest.fixture(scope="module")
def answering(trained: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle that answers, learned in a moment."""
    where = tmp_path_factory.mktemp("chat")
    rows = [
        {"question": f"{i}岁感冒怎么办", "answer": f"{i % 3}多喝水，多休息。"} for i in range(60)
    ]
    (where / "pairs.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    config = resolve((*ROAD, f"model.pretrained={trained.path}"))
    pipeline.finetune([where / "pairs.jsonl"], Run(where / "answering"), config)
    return where / "answering"


@pytest.fixture(scope="module")
def there(trained: Run, answering: Path) -> Iterator[str]:
    with serving(trained.path, ServeConfig(port=0, chat=str(answering))) as url:
        yield url


@pytest.fixture(scope="module")
def api(there: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{there}/v1", api_key="none", max_retries=0) as opened:
        yield opened


def asked(*texts: str) -> list[Any]:
    return [{"role": ("user", "assistant")[at % 2], "content": t} for at, t in enumerate(texts)]


def test_an_answer_is_the_engines(api: OpenAI, answering: Path) -> None:
    chat = Chat(bundle.load(answering))
    turns = ("发烧", "多喝水。", QUESTION)
    cold = Generation(drawing=Drawing(temperature=0))
    made = api.chat.completions.create(model="answering", messages=asked(*turns), temperature=0)
    (choice,) = made.choices
    assert choice.message.content == "".join(chat.answer(turns, cold))
    assert choice.message.role == "assistant"
    assert made.object == "chat.completion"
    assert made.usage.prompt_tokens == len(chat.prompt(turns)[0].ids) - 1
    extra = made.model_extra or {}
    assert extra["similar"][0]["question"] == chat.similar(QUESTION)[0].question
    several = api.chat.completions.create(
        model="answering", messages=asked(QUESTION), n=3, seed=1, max_tokens=2, temperature=2
    )
    assert [choice.index for choice in several.choices] == [0, 1, 2]
    assert several.usage.completion_tokens <= 6


def test_a_stream_is_the_same_in_pieces(api: OpenAI) -> None:
    wanted: Any = {"model": "answering", "messages": asked(QUESTION), "seed": 5, "n": 2}
    whole = api.chat.completions.create(**wanted)
    texts, ends, n_tokens = ["", ""], {}, 0
    options: Any = {"include_usage": True}
    for at, chunk in enumerate(
        api.chat.completions.create(**wanted, stream=True, stream_options=options)
    ):
        assert ("similar" in (chunk.model_extra or {})) == (at == 0)
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
            ends[choice.index] = choice.finish_reason
        n_tokens = chunk.usage.completion_tokens if chunk.usage else n_tokens
    assert texts == [choice.message.content for choice in whole.choices]
    assert ends == {choice.index: choice.finish_reason for choice in whole.choices}
    assert n_tokens == whole.usage.completion_tokens


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": asked("a", "b")}, "messages"),
        ({"messages": [{"role": "system", "content": "a"}]}, "messages.0.role"),
        ({"messages": [{"role": "assistant", "content": "a"}]}, "messages.0.role"),
        ({"messages": asked("头痛" * 60)}, "messages"),
        ({"max_tokens": 64}, "messages"),
        ({"max_tokens": 3, "max_completion_tokens": 3}, "max_tokens"),
        ({"temperature": 3}, "temperature"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"tools": []}, "tools"),
    ],
)
def test_what_is_wrong_is_named(api: OpenAI, change: dict[str, Any], param: str) -> None:
    body: Any = {"model": "answering", "messages": asked(QUESTION)} | change
    with pytest.raises(openai.BadRequestError) as refused:
        api.chat.completions.create(**body)
    assert refused.value.param == param


def test_models_are_asked_for_what_they_do(api: OpenAI, client: httpx.Client) -> None:
    assert [model.id for model in api.models.list()] == ["small", "answering"]
    assert api.models.retrieve("answering").model_extra["card"]["task"] == "dialogue"
    with pytest.raises(openai.NotFoundError, match="answering"):
        api.chat.completions.create(model="small", messages=asked(QUESTION))
    body = {"model": "answering", "messages": asked(QUESTION)}
    answer = client.post("/v1/chat/completions", json=body)  # a server without a chat
    assert answer.status_code == 404
    assert "--chat DIR" in answer.json()["error"]["message"]


def test_a_bundle_of_another_task_is_refused(trained: Run) -> None:
    with pytest.raises(UsageError, match="not tuned for dialogues"):
        server.create_app(
            bundle.load(trained.path), EngineConfig(), ServeConfig(chat=str(trained.path))
        )


@pytest.mark.browser
def test_a_conversation_on_the_page(browser: Browser, there: str, address: str) -> None:
    page = browser.new_page(locale="en-US")
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(there)
    page.get_by_role("tab", name="Chat").click()
    box = page.get_by_role("textbox", name="Question")
    expect(box).to_be_focused()
    log = page.get_by_role("log", name="Conversation")
    for at in (1, 2):
        box.fill(QUESTION)
        box.press("Enter")
        expect(log.locator(".before")).to_have_count(at)
        expect(log).to_have_attribute("aria-busy", "false")
    assert all(log.locator(".said").all_text_contents())
    expect(log.locator(".before").first).to_contain_text("岁感冒怎么办")
    assert Axe().run(page).response["violations"] == []
    page.get_by_role("button", name="Start anew").click()
    expect(log.locator("li")).to_have_count(0)
    page.get_by_role("tab", name="Chat").press("ArrowRight")
    expect(page.get_by_role("tab", name="Search box")).to_be_focused()
    page.goto(address)
    expect(page.locator(".chip").first).to_be_visible()
    expect(page.locator("#tab-chat")).to_be_hidden()
    page.close()
    assert wrong == []
