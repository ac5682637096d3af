"""`/v1/complete` with `stream`, and the fields that say how lists are found."""

import json
from itertools import pairwise

import httpx
import pytest

from prompt_gen.engine import Completer


def events(client: httpx.Client, **body: object) -> list[dict]:
    with client.stream("POST", "/v1/complete", json={"stream": True, **body}) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-cache"
        raw = b"".join(answer.iter_raw())
    blocks = raw.split(b"\n\n")
    assert blocks.pop() == b""
    for block in blocks:  # each by itself is whole text
        assert block.startswith(b"data: ")
        assert b"\n" not in block
    return [json.loads(block.removeprefix(b"data: ").decode("utf-8")) for block in blocks]


@pytest.mark.parametrize("prompt", ["高血压患者", "第一行\n糖尿", "My order ", "", "😀"])
def test_lists_get_better_and_the_last_is_that_of_a_plain_request(
    client: httpx.Client, prompt: str
) -> None:
    lists = events(client, prompt=prompt, max_chars=40)
    plain = client.post("/v1/complete", json={"prompt": prompt, "max_chars": 40}).json()
    assert [each["final"] for each in lists] == [False] * (len(lists) - 1) + [True]
    assert lists[-1]["candidates"] == plain["candidates"]
    assert {each["id"] for each in lists} == {lists[0]["id"]}
    for each, following in pairwise(lists):
        assert each["candidates"]
        assert each["candidates"] != following["candidates"] or following["final"]
    for each in lists:
        for candidate in each["candidates"]:
            assert candidate["text"] == prompt + candidate["completion"]


def test_the_first_list_is_there_before_the_network_is_asked(
    client: httpx.Client, completer: Completer
) -> None:
    first, *_ = events(client, prompt="孩子发烧了怎么")
    expected = [each.text for each in completer.first("孩子发烧了怎么")]
    assert [each["text"] for each in first["candidates"]] == expected


def test_a_wrong_request_has_an_answer_of_its_own(client: httpx.Client) -> None:
    answer = client.post("/v1/complete", json={"prompt": "a" * 3000, "stream": True})
    assert answer.status_code == 413
    assert answer.json()["error"]["param"] == "prompt"


def completions(client: httpx.Client, **body: object) -> list[str]:
    answer = client.post("/v1/complete", json={"prompt": "高血压患者", **body})
    assert answer.status_code == 200
    return [each["completion"] for each in answer.json()["candidates"]]


def test_stop_ends_continuations(client: httpx.Client) -> None:
    usual = completions(client)
    mark = usual[0][2]
    assert not any(mark in each for each in completions(client, stop=[mark, "\n"]))


def test_draws_are_those_of_the_seed(client: httpx.Client) -> None:
    one, same, other = (
        completions(client, strategy="sample", seed=seed, temperature=2.0) for seed in (1, 1, 2)
    )
    assert one == same
    assert one != other


def test_what_is_less_probable_is_not_shown(client: httpx.Client) -> None:
    assert completions(client, min_confidence=1.0) == []


@pytest.mark.parametrize("strategy", ["tree", "beam", "diverse"])
def test_strategies_are_those_of_the_engine(
    client: httpx.Client, completer: Completer, strategy: str
) -> None:
    found = completer.complete("高血压患者", mode=strategy)
    assert completions(client, strategy=strategy) == [each.completion for each in found]


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({"temperature": 0.5}, 422, "temperature"),
        ({"seed": 1, "strategy": "beam"}, 422, "seed"),
        ({"strategy": "greedy"}, 422, "strategy"),
        ({"stop": [""]}, 422, "stop"),
        ({"min_confidence": 2}, 422, "min_confidence"),
        ({"stream": "yes"}, 422, "stream"),
        ({"model": "another"}, 404, "model"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(
    client: httpx.Client, body: dict, status: int, word: str
) -> None:
    answer = client.post("/v1/complete", json={"prompt": "a", **body})
    assert answer.status_code == status
    assert word in answer.json()["error"]["message"]


def test_the_model_may_be_named(client: httpx.Client) -> None:
    name = client.get("/v1/models").json()["data"][0]["id"]
    assert completions(client, model=name)
