"""A network that begins as the bigrams of its text."""

from collections import Counter
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from transformers import PreTrainedModel

from prompt_gen.config import ModelConfig
from prompt_gen.errors import SettingError
from prompt_gen.model import ARCHITECTURES, Shape, begin, bigrams, build, check, start
from prompt_gen.shards import Part
from prompt_gen.shards.part import Shard

V = 40
STARTING = [name for name in ARCHITECTURES if "bigrams" in ARCHITECTURES.load(name).STARTS]


def part_of(documents: list[list[int]]) -> Part:
    """A part of these documents, in one file."""
    tokens = np.concatenate([np.array(document, "<u2") for document in documents])
    offsets = np.cumsum([0, *map(len, documents)]).astype("<u8")
    shard = Shard(tokens, offsets, len(tokens), before="", texts="")
    return Part((shard,), np.ones(len(documents), "<f4"))


def chain(n_documents: int) -> list[list[int]]:
    """Documents in which a token is followed by one of three, often by the first of them."""
    rng = np.random.default_rng(0)
    documents = []
    for _ in range(n_documents):
        document = [0, int(rng.integers(2, V))]
        while len(document) < 20:
            step = int(rng.choice([1, 5, 11], p=[0.7, 0.2, 0.1]))
            document.append(2 + (document[-1] - 2 + step) % (V - 2))
        documents.append([*document, 1])
    return documents


def begun(architecture: str, documents: list[list[int]], width: int = 64) -> PreTrainedModel:
    model = build(ModelConfig(architecture=architecture, context=64), Shape(2, width), V, seed=0)
    found = bigrams.count(part_of(documents), V, width - 1, seed=0)
    ARCHITECTURES.load(architecture).begin(model, found)
    return model.eval()


def counted_nats(documents: list[list[int]]) -> float:
    """Mean negative logarithm of the share of what follows, in its own text."""
    pairs = Counter(pair for document in documents for pair in pairwise(document))
    tokens: Counter[int] = Counter()
    for (token, _), n in pairs.items():
        tokens[token] += n
    nats = sum(-n * np.log(n / tokens[token]) for (token, _), n in pairs.items())
    return nats / pairs.total()


def model_nats(model: PreTrainedModel, documents: list[list[int]]) -> float:
    ids = torch.tensor(documents)
    with torch.no_grad():
        logits = model(ids).logits[:, :-1]
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten()).item()


@pytest.mark.parametrize("architecture", STARTING)
def test_an_untrained_network_is_nearly_as_good_as_the_counts(architecture: str) -> None:
    documents = chain(400)
    fresh = build(ModelConfig(architecture=architecture, context=64), Shape(2, 64), V, seed=0)
    best, uniform = counted_nats(documents), model_nats(fresh, documents)
    assert uniform == pytest.approx(np.log(V), abs=0.1)
    assert model_nats(begun(architecture, documents), documents) < best + 0.15 * (uniform - best)


def test_it_predicts_from_the_last_token_alone() -> None:
    model = begun("qwen3", chain(50))
    with torch.no_grad():
        one, other = model(torch.tensor([[0, 7, 9], [0, 30, 9]])).logits[:, -1]
    assert torch.allclose(one, other, atol=1e-5)


def test_what_ends_a_document_is_not_followed_by_the_next_one() -> None:
    pairs, n = bigrams._pairs(part_of([[0, 5, 6, 1], [0, 5, 7, 1]]), V)
    found = {
        (int(pair) // V, int(pair) % V): int(times) for pair, times in zip(pairs, n, strict=True)
    }
    assert found == {(0, 5): 2, (5, 6): 1, (5, 7): 1, (6, 1): 1, (7, 1): 1}


def test_of_a_long_text_every_kth_document_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = [[0, token, 1] for token in range(2, 12)]
    monkeypatch.setattr(bigrams, "MAX_TOKENS", 10)  # a third of the 30 there are
    pairs, _ = bigrams._pairs(part_of(documents), V)
    assert {int(pair) % V for pair in pairs if pair < V} == {2, 5, 8, 11}


def test_a_token_that_never_came_has_a_small_share_and_nothing_breaks() -> None:
    found = bigrams.count(part_of([[0, 5, 6, 1]]), V, 63, seed=0)  # more dimensions than tokens
    assert found.left_VD.shape == found.right_VD.shape == (V, 63)
    assert torch.isfinite(found.left_VD).all()
    assert torch.isfinite(found.right_VD).all()
    assert found.log_share_V[30] < found.log_share_V[5]


def test_the_seed_decides_and_the_random_state_stays() -> None:
    part = part_of(chain(20))
    before = torch.random.get_rng_state()
    first, same = (bigrams.count(part, V, 16, seed=3) for _ in range(2))
    assert torch.equal(first.left_VD, same.left_VD)
    assert torch.equal(before, torch.random.get_rng_state())


def test_only_some_architectures_can_begin_so() -> None:
    assert STARTING == ["qwen3", "llama"]
    with pytest.raises(SettingError, match=r"model\.start.*random"):
        check(ModelConfig(architecture="gpt2", start="bigrams"))


def test_what_is_begun_with_depends_on_text_and_vocabulary(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = SimpleNamespace(size=V, bos_id=0, eos_id=1)
    long, short = part_of(chain(bigrams.MIN_TOKENS_PER_ENTRY * V // 20)), part_of(chain(3))

    def of(text: Part, **settings: str) -> tuple[str, bool]:
        config = ModelConfig(**settings)  # type: ignore[arg-type]
        model = begin(config, Shape(1, 64), tokenizer, text, seed=0)  # type: ignore[arg-type]
        has_constant = bool((model.get_input_embeddings().weight[:, 0].std() < 1e-6).item())  # type: ignore[operator,union-attr]
        return start(config, tokenizer, text), not model.config.tie_word_embeddings, has_constant  # type: ignore[arg-type,return-value]

    assert of(long) == ("previous", False, True)  # a vocabulary of characters
    monkeypatch.setattr("prompt_gen.model._CHARACTERS", V - 1)
    assert of(long) == ("bigrams", True, True)
    assert of(short) == ("random", False, False)
    assert of(short, start="bigrams") == ("bigrams", True, True)
    assert of(short, start="previous") == ("previous", False, True)
    assert of(long, start="random") == ("random", False, False)
    assert of(long, architecture="gpt2") == ("random", False, False)
