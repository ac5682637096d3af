"""The OpenAI API as its own client speaks it, against a server on loopback."""

import json
import math
from collections.abc import Iterator

import httpx
import numpy as np
import openai
import pytest
from openai import OpenAI

from prompt_gen.engine import Completer
from prompt_gen.engine.language_model import read_line
from prompt_gen.run import Run

PROMPT = "高血压患者"


@pytest.fixture(scope="module")
def api(address: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0) as opened:
        yield opened


@pytest.fixture(scope="module")
def name(trained: Run) -> str:
    return trained.path.name


def greedy(completer: Completer, prompt: str, n: int) -> tuple[str, list[float]]:
    """The most probable tokens behind whole tokens, straight from the model."""
    tokenizer = completer.tokenizer
    ids, text, logps = [tokenizer.bos_id, *tokenizer.encode(prompt)], b"", []
    for _ in range(n):
        probs_TV, _ = read_line(completer.model, ids)
        best = int(probs_TV[-1].argmax())
        if best == tokenizer.eos_id:
            break
        text += tokenizer.token_bytes[best]
        logps.append(math.log(probs_TV[-1][best]))
        ids.append(best)
    return text.decode("utf-8", "ignore"), logps


def test_tokens_at_temperature_0_are_the_models_best(
    api: OpenAI, name: str, completer: Completer
) -> None:
    ids = completer.tokenizer.encode(PROMPT)
    made = api.completions.create(model=name, prompt=ids, temperature=0, max_tokens=8, logprobs=0)
    text, logps = greedy(completer, PROMPT, 8)
    (choice,) = made.choices
    assert choice.text == text
    assert choice.logprobs.token_logprobs == pytest.approx(logps, abs=1e-3)
    assert (made.object, made.model) == ("text_completion", name)
    assert made.id.startswith("cmpl-")
    assert made.usage.prompt_tokens == len(ids)
    assert made.usage.completion_tokens == len(logps)
    assert made.usage.total_tokens == len(ids) + len(logps)


def test_the_prompt_is_scored_as_the_model_scores_it(
    api: OpenAI, name: str, completer: Completer
) -> None:
    tokenizer, text = completer.tokenizer, "感冒以后要注意什么"
    made = api.completions.create(model=name, prompt=text, max_tokens=0, echo=True, logprobs=5)
    (choice,) = made.choices
    ids = [tokenizer.bos_id, *tokenizer.encode(text)]
    probs_TV, _ = read_line(completer.model, ids)
    expected = np.log(probs_TV[np.arange(len(ids) - 1), ids[1:]])
    assert (choice.text, choice.finish_reason) == (text, "length")
    assert choice.logprobs.token_logprobs == pytest.approx(expected.tolist(), abs=1e-3)
    assert "".join(choice.logprobs.tokens) == text
    for token, at in zip(choice.logprobs.tokens, choice.logprobs.text_offset, strict=True):
        assert text[at:].startswith(token)
    for i, top in enumerate(choice.logprobs.top_logprobs):
        assert 5 <= len(top) <= 6
        assert top[choice.logprobs.tokens[i]] == choice.logprobs.token_logprobs[i]
        assert max(top.values()) == pytest.approx(math.log(probs_TV[i].max()), abs=1e-3)


def test_echo_puts_the_prompt_and_its_tokens_before_the_text(api: OpenAI, name: str) -> None:
    made = api.completions.create(
        model=name, prompt="糖尿病\n高血压", max_tokens=6, seed=1, echo=True, logprobs=1, n=2
    )
    for choice in made.choices:
        assert choice.text.startswith("糖尿病\n高血压")
        tokens, starts = choice.logprobs.tokens, choice.logprobs.text_offset
        for token, start in zip(tokens, starts, strict=True):
            assert token.startswith("bytes:") or choice.text[start:].startswith(token)
        assert "糖尿病\n高血压".startswith("".join(tokens[:2]))
        assert starts[:2] == [0, len(tokens[0])]


def test_what_was_typed_may_end_inside_of_a_token(api: OpenAI, name: str) -> None:
    """高血 is the beginning of the one token 高血压."""
    made = api.completions.create(model=name, prompt="高血", temperature=0, max_tokens=1)
    assert made.choices[0].text.startswith("压")


def test_several_prompts_have_n_choices_each_in_order(api: OpenAI, name: str) -> None:
    made = api.completions.create(
        model=name, prompt=[PROMPT, "感冒"], n=2, max_tokens=4, seed=3, echo=True
    )
    assert [choice.index for choice in made.choices] == [0, 1, 2, 3]
    assert [choice.text.startswith(PROMPT) for choice in made.choices] == [True, True, False, False]
    assert all(choice.text.startswith("感冒") for choice in made.choices[2:])
    assert all(choice.logprobs is None for choice in made.choices)


def test_token_lists_and_texts_are_the_same_prompts(
    api: OpenAI, name: str, completer: Completer
) -> None:
    lists = [completer.tokenizer.encode(text) for text in (PROMPT, "感冒")]
    made = api.completions.create(model=name, prompt=lists, max_tokens=0, echo=True)
    assert [choice.text for choice in made.choices] == [PROMPT, "感冒"]


def test_the_best_of_many_are_shown(api: OpenAI, name: str) -> None:
    how = {"model": name, "prompt": PROMPT, "max_tokens": 8, "seed": 5, "logprobs": 0}
    every = api.completions.create(**how, n=8).choices
    best = api.completions.create(**how, n=2, best_of=8)
    means = {
        choice.text: float(np.mean(choice.logprobs.token_logprobs))
        for choice in every
        if choice.finish_reason == "length"  # the probability of an end is not among them
    }
    assert len(means) >= 4
    first, second = (choice.text for choice in best.choices)
    assert {first, second} <= {choice.text for choice in every}
    ranked = sorted(means, key=means.__getitem__, reverse=True)
    shown = [text for text in (first, second) if text in means]
    assert shown == ranked[: len(shown)]
    assert best.usage.completion_tokens > 16, "all eight are counted"


def test_the_same_seed_gives_the_same_text(api: OpenAI, name: str) -> None:
    how = {"model": name, "prompt": PROMPT, "max_tokens": 12, "n": 4, "temperature": 1.5}
    texts = [
        [choice.text for choice in api.completions.create(**how, seed=seed).choices]
        for seed in (7, 7, 8)
    ]
    assert texts[0] == texts[1] != texts[2]


def test_stop_penalties_and_bias_do_what_they_say(
    api: OpenAI, name: str, completer: Completer
) -> None:
    (token,) = completer.tokenizer.encode("的")
    how = {"model": name, "prompt": PROMPT, "temperature": 0, "max_tokens": 5}
    forced = api.completions.create(**how, logit_bias={str(token): 100}).choices[0]
    assert forced.text == "的" * 5
    stopped = api.completions.create(**how, logit_bias={str(token): 100}, stop="的的的").choices[0]
    assert (stopped.text, stopped.finish_reason) == ("", "stop")
    banned = api.completions.create(**how, logit_bias={str(token): -100}, logprobs=0).choices[0]
    assert "的" not in banned.logprobs.tokens
    other = api.completions.create(
        **how, logit_bias={str(token): 30}, frequency_penalty=2, presence_penalty=2
    ).choices[0]
    assert other.text == "的" * 5, "four times two and two are less than thirty"


def test_a_stream_is_the_answer_in_pieces_with_one_id(api: OpenAI, name: str) -> None:
    how = {"model": name, "prompt": PROMPT, "max_tokens": 10, "n": 3, "seed": 2, "logprobs": 1}
    how |= {"stop": ["。", "？"], "echo": True}
    whole = api.completions.create(**how)
    chunks = list(
        api.completions.create(**how, stream=True, stream_options={"include_usage": True})
    )
    assert len({chunk.id for chunk in chunks}) == 1
    assert {chunk.object for chunk in chunks} == {"text_completion"}
    *pieces, last = chunks
    assert last.choices == []
    assert last.usage == whole.usage
    assert all(piece.usage is None for piece in pieces)
    assert len(pieces) > 6
    for expected in whole.choices:
        own = [c for piece in pieces for c in piece.choices if c.index == expected.index]
        assert "".join(c.text for c in own) == expected.text
        assert [c.finish_reason for c in own[:-1]] == [None] * (len(own) - 1)
        assert own[-1].finish_reason == expected.finish_reason
        for part in ("tokens", "text_offset"):
            joined = [each for c in own for each in getattr(c.logprobs, part)]
            assert joined == getattr(expected.logprobs, part)


def test_a_stream_is_events_of_data_that_end_with_done(client: httpx.Client, name: str) -> None:
    body = {"model": name, "prompt": PROMPT, "max_tokens": 5, "stream": True}
    response = client.post("/v1/completions", json=body)
    assert response.headers["content-type"].startswith("text/event-stream")
    *events, done, end = response.text.split("\n\n")
    assert (done, end) == ("data: [DONE]", "")
    for event in events:
        assert event.startswith("data: {")
        assert "usage" not in json.loads(event.removeprefix("data: "))


def test_a_stream_comes_while_it_is_made(api: OpenAI, name: str, completer: Completer) -> None:
    """Its first chunk is there long before the last pass: closing it there ends the work."""
    bias = {str(completer.tokenizer.eos_id): -100}
    chunks = api.completions.create(
        model=name, prompt="高", max_tokens=60, stream=True, logit_bias=bias
    )
    first = next(iter(chunks))
    assert len(first.choices[0].text) < 30
    chunks.close()


WRONG = [
    ({"suffix": "。"}, "suffix"),
    ({"n": 0}, "n"),
    ({"n": 21}, "n"),
    ({"n": "2"}, "n"),
    ({"best_of": 1, "n": 2}, "best_of"),
    ({"best_of": 21}, "best_of"),
    ({"best_of": 2, "stream": True}, "best_of"),
    ({"logprobs": True}, "logprobs"),
    ({"logprobs": 6}, "logprobs"),
    ({"max_tokens": -1}, "max_tokens"),
    ({"max_tokens": 1000}, "max_tokens"),
    ({"temperature": 2.1}, "temperature"),
    ({"top_p": 1.1}, "top_p"),
    ({"presence_penalty": 2.1}, "presence_penalty"),
    ({"frequency_penalty": -2.1}, "frequency_penalty"),
    ({"logit_bias": {"x": 1}}, "logit_bias"),
    ({"logit_bias": {"999999": 1}}, "logit_bias"),
    ({"logit_bias": {"5": 101}}, "logit_bias.5"),
    ({"seed": 1.5}, "seed"),
    ({"seed": 2**63}, "seed"),
    ({"stop": ["a"] * 5}, "stop"),
    ({"stop": ""}, "stop"),
    ({"stream": "yes"}, "stream"),
    ({"stream_options": {"include_usage": True}}, "stream_options"),
    ({"stream": True, "stream_options": {"include_obfuscation": True}},
     "stream_options.include_obfuscation"),
    ({"stream": True, "stream_options": {"other": 1}}, "stream_options.other"),
    ({"user": 5}, "user"),
    ({"echo": 1}, "echo"),
    ({"prompt": []}, "prompt"),
    ({"prompt": ["a", 5]}, "prompt"),
    ({"prompt": [[5], []]}, "prompt"),
    ({"prompt": [999_999]}, "prompt"),
    ({"prompt": [-1]}, "prompt"),
    ({"prompt": ["a"] * 5, "n": 20}, "prompt"),
    ({"prompt": "a" * 2001}, "prompt"),
    ({"prompt": "龘" * 200}, "prompt"),
    ({"top_k": 5}, "top_k"),
]  # fmt: skip


@pytest.mark.parametrize(("how", "param"), WRONG)
def test_a_wrong_field_is_refused_by_its_name(
    api: OpenAI, name: str, how: dict, param: str
) -> None:
    body = {"model": name, "prompt": PROMPT} | how
    with pytest.raises(openai.BadRequestError) as refused:
        api.completions.create(model=name, prompt=PROMPT, extra_body=body)
    error = refused.value
    assert error.param == param
    assert error.type == "invalid_request_error"
    assert error.code in (None, "context_length_exceeded")
    assert error.body["message"]


def test_every_field_of_the_api_is_tried(client: httpx.Client) -> None:
    schema = client.get("/openapi.json").json()["components"]["schemas"]["CompletionRequest"]
    known = set(CompletionCreateParams)
    assert set(schema["properties"]) == known
    assert known - {"model"} == {param.split(".")[0] for _, param in WRONG} - {"top_k"}


# What the client can send, from its own signature.
CompletionCreateParams = openai.types.CompletionCreateParams.__args__[0].__annotations__ | {
    "stream": bool
}


@pytest.mark.parametrize(
    ("prompt", "code"), [("龘" * 200, "context_length_exceeded"), ([999_999], None)]
)
def test_too_long_has_the_code_that_clients_look_for(
    api: OpenAI, name: str, prompt: str, code: str | None
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        api.completions.create(model=name, prompt=prompt)
    assert refused.value.code == code


def test_an_unknown_model_is_not_found(api: OpenAI, name: str) -> None:
    for ask in (
        lambda: api.completions.create(model="gpt-3.5-turbo-instruct", prompt=PROMPT),
        lambda: api.models.retrieve("gpt-3.5-turbo-instruct"),
    ):
        with pytest.raises(openai.NotFoundError, match=name) as refused:
            ask()
        assert (refused.value.code, refused.value.param) == ("model_not_found", "model")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"prompt": PROMPT}, "model"),
        ({"model": "m"}, "prompt"),
        (b"{", None),
        (b"\xff", None),
        (b'{"model": "m", "prompt": "a", "\\ud800": 1}', "\\ud800"),
        (b'{"model": "m", "prompt": "a", "temperature": NaN}', "temperature"),
        (b'{"model": "m", "prompt": "a", "temperature": 1e999}', "temperature"),
    ],
)
def test_what_is_no_request_has_the_apis_shape_of_error(
    client: httpx.Client, body: dict | bytes, param: str | None
) -> None:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = client.post(
        "/v1/completions", content=content, headers={"content-type": "application/json"}
    )
    assert response.status_code == 400
    error = response.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["type"], error["param"], error["code"]) == ("invalid_request_error", param, None)


@pytest.mark.parametrize("field", ["prompt", "stop", "user"])
def test_half_a_surrogate_pair_is_refused(client: httpx.Client, name: str, field: str) -> None:
    body = {"model": name, "prompt": "a", field: "\ud800"}
    response = client.post(
        "/v1/completions",
        content=json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )
    assert response.status_code == 400
    assert response.json()["error"]["param"] == field


def test_fields_that_are_null_are_as_good_as_left_out(client: httpx.Client, name: str) -> None:
    fields = client.get("/openapi.json").json()["components"]["schemas"]["CompletionRequest"]
    body = dict.fromkeys(fields["properties"]) | {"model": name, "seed": 1}
    response = client.post("/v1/completions", json=body)
    assert response.status_code == 200
    (choice,) = response.json()["choices"]
    assert choice["logprobs"] is None
    assert choice["text"], "a line from its beginning"


def test_models_are_listed_and_told_one_by_one(
    api: OpenAI, name: str, completer: Completer
) -> None:
    (listed,) = api.models.list().data
    assert listed == api.models.retrieve(name)
    assert (listed.id, listed.object, listed.owned_by) == (name, "model", "prompt-gen")
    facts = listed.model_dump()
    assert facts["vocab_size"] == completer.tokenizer.size
    assert facts["context_length"] == completer.model.context
    assert facts["script"] == "cjk"
    assert facts["card"]["examples"]
