"""`/v1/explain`: the tree behind a list, as the page draws it."""

import httpx
import pytest

from prompt_gen.engine import Completer
from prompt_gen.explain import explain


def every(branch: dict) -> list[dict]:
    return [branch, *(each for child in branch["branches"] for each in every(child))]


def test_it_explains_the_list_that_is_shown(client: httpx.Client, completer: Completer) -> None:
    found = client.post("/v1/explain", json={"prompt": "昨天高血压\n高血压"}).json()
    listed = client.post("/v1/complete", json={"prompt": "高血压"}).json()["candidates"]
    assert [each["completion"] for each in found["shown"]] == [c["completion"] for c in listed]
    assert found["typed"] == "高血压"
    (ours,) = explain(completer, "高血压")
    assert (found["n_opened"], found["n_noted"]) == (ours.n_opened, ours.n_noted)
    ranks = {each["rank"] for each in every(found["tree"])} - {0}
    assert ranks == {each.rank for each in ours.shown if each.gain is not None}
    assert [each["p"] for each in found["shown"]] == pytest.approx([each.p for each in ours.shown])


def test_probabilities_add_up(client: httpx.Client) -> None:
    tree = client.post("/v1/explain", json={"prompt": "糖尿病"}).json()["tree"]
    assert tree["p"] == 1
    for each in every(tree):
        parts = sum(child["p"] for child in each["branches"]) + each["p_end"] + each["p_rest"]
        assert parts == pytest.approx(each["p"], abs=1e-9)


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"prompt": " \n"}, 400, None),
        ({"prompt": "高" * 2001}, 413, "prompt"),
        ({}, 422, "prompt"),
        ({"prompt": "高", "n": 5}, 422, "n"),
        ({"prompt": 5}, 422, "prompt"),
    ],
)
def test_what_cannot_be_explained(
    client: httpx.Client, body: dict, status: int, param: str | None
) -> None:
    answer = client.post("/v1/explain", json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (status, param)
