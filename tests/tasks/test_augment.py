"""Changed copies of texts: what each way keeps, and that chance is the seed's."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_gen.config import TuneConfig
from prompt_gen.errors import UnknownChoice
from prompt_gen.tasks import augment
from prompt_gen.tasks.augment import MASK, WAYS, changed, units

TEXTS = st.text("高血压患者 ab1，。\n_é", min_size=1, max_size=30)


def written(text: str, n: int, seed: int) -> str:
    return f"{text}{'写' * n}"


def copies(text: str, *ways: str, share: float = 0.3, seed: int = 0, n: int = 1) -> list[str]:
    config = TuneConfig(augment=ways, augment_share=share, augment_copies=n)
    return changed(text, config, (seed,), written)


@given(TEXTS)
def test_units_are_the_text(text: str) -> None:
    assert "".join(units(text)) == text


def test_units_are_characters_words_and_marks() -> None:
    assert units("高血压 type2, don't") == [
        "高",
        "血",
        "压",
        " ",
        "type2",
        ",",
        " ",
        "don",
        "'",
        "t",
    ]


@given(TEXTS, st.integers(0, 9))
def test_each_way_changes_what_it_says(text: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    before = units(text)
    made = {name: way.change(text, 0.3, rng, written) for name, way in WAYS.items()}
    rest = iter(text)
    assert all(character in rest for character in made["delete"]), "in order, and none is new"
    assert Counter(made["swap"]) == Counter(text)
    n = max(1, round(0.3 * len(before)))
    assert made["sample"] == "".join(before[:-n]) + "写" * n
    head, _, tail = made["mask"].partition(MASK)
    assert text.startswith(head)
    assert text.endswith(tail)
    assert len(units(head)) + len(units(tail)) >= len(before) - n


def test_copies_are_different_and_those_of_their_seed() -> None:
    text = "高血压患者要注意饮食，按时服药。"
    found = copies(text, "delete", "swap", "mask", n=3)
    assert 6 <= len(found) == len(set(found)) <= 9
    assert text not in found
    assert copies(text, "delete", "swap", "mask", n=3) == found
    assert copies(text, "delete", "swap", "mask", n=3, seed=1) != found
    assert copies(text) == []
    assert copies("高", "swap") == []


def test_an_unknown_way_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownChoice, match=r"no augmentation 'delet'.*'delete'"):
        augment.check(["delet"])
