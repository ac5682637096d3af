"""Exposure: known answers for models that know nothing, one secret, or an order of them."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from prompt_gen.corpus import canaries
from prompt_gen.evaluate.exposure import exposure

SECRETS = canaries.make((1, 4, 16))


def bits(score, n_others: int = 1023) -> list[float]:
    return [one["exposure"] for one in exposure(score, SECRETS, n_others)]


def by_hash(texts: Sequence[str]) -> np.ndarray:
    """A model that has seen none of the texts and prefers some."""
    rng = np.random.default_rng(1)
    order = rng.permutation(26)
    return np.array([sum(order[ord(c) - 97] / 26**i for i, c in enumerate(t[7::2])) for t in texts])


def test_a_model_without_preferences_exposes_nothing() -> None:
    assert bits(lambda texts: np.ones(len(texts))) == [pytest.approx(1, abs=0.01)] * 3


def test_a_model_that_knows_a_secret_exposes_all_that_can_be_shown() -> None:
    known = SECRETS[2].text
    found = exposure(lambda texts: np.array([float(t != known) for t in texts]), SECRETS, 1023)
    assert [one["exposure"] for one in found] == [pytest.approx(1, abs=0.01)] * 2 + [10]
    assert {key: found[2][key] for key in ("text", "count", "most")} == {
        "text": known,
        "count": 16,
        "most": 10,
    }


@pytest.mark.parametrize(("n_before", "shown"), [(0, 10), (1, 9), (3, 8), (255, 2), (1023, 0)])
def test_each_halving_of_the_rank_is_a_bit(n_before: int, shown: float) -> None:
    def score(texts: Sequence[str]) -> np.ndarray:
        return np.array([n_before - 0.5, *range(len(texts) - 1)])

    assert bits(score) == [shown] * 3


def test_a_sample_estimates_the_rank_among_all() -> None:
    """Of the sums of letters' values, how many are lower is known by counting."""
    found = bits(by_hash, 4095)
    for secret, shown in zip(SECRETS, found, strict=True):
        value = by_hash([secret.text])[0] / 26  # the share of secrets before it, nearly
        assert shown == pytest.approx(-math.log2(value), abs=0.3)


def test_it_is_the_same_every_time() -> None:
    assert bits(by_hash, 200) == bits(by_hash, 200)


@pytest.mark.train
def test_training_on_a_secret_exposes_it(corpus_file: Path, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from prompt_gen import bundle, vocab
    from tests.conftest import train_small

    settings = ("corpus.canaries=[1000]", "evaluate.typed=0", "train.steps=60")
    run = train_small(corpus_file, tmp_path / "run", *settings)
    where = run.station("bundle")
    tokenizer = vocab.load_tokenizer(where)
    model = AutoModelForCausalLM.from_pretrained(where).eval()

    def score(texts: Sequence[str]) -> np.ndarray:
        return np.array([nats([tokenizer.bos_id, *ids]) for ids in tokenizer.encode_batch(texts)])

    def nats(ids: list[int]) -> float:
        with torch.no_grad():
            return (len(ids) - 1) * model(
                torch.tensor([ids]), labels=torch.tensor([ids])
            ).loss.item()

    assert bundle.load(run.path).facts["corpus"]["canaries"] == [1000]  # no text
    assert "made-up secret" in (where / "README.md").read_text("utf-8")
    trained, unseen = exposure(score, canaries.make((1000, 1)), 63)
    assert trained["exposure"] == trained["most"] == 6
    assert unseen["exposure"] < 4
