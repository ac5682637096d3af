"""More texts from few: changed copies of those that are learned from, one row per way.

A text is cut into units: characters of Chinese, words of other scripts, and marks.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from prompt_gen.config import TuneConfig
from prompt_gen.errors import UnknownChoice, did_you_mean

MASK = "…"
_CJK = "㐀-鿿豈-﫿぀-ヿ"
_UNIT = re.compile(rf"[{_CJK}]|[^\W{_CJK}]+|\W")
GoesOn = Callable[
    [str, int, int], str
]  # a beginning, units to come, a seed: what stands there then


def units(text: str) -> list[str]:
    """The units of a text; together they are the text."""
    return _UNIT.findall(text)


def _deleted(text: str, share: float, rng: np.random.Generator, goes_on: GoesOn) -> str:
    """Each unit is left out by chance. Source: Wei and Zou 2019, "EDA", random deletion."""
    found = units(text)
    stays = rng.random(len(found)) >= share
    return "".join(unit for unit, kept in zip(found, stays, strict=True) if kept)


def _swapped(text: str, share: float, rng: np.random.Generator, goes_on: GoesOn) -> str:
    """Pairs of units change places. Source: Wei and Zou 2019, "EDA", random swap."""
    found = units(text)
    for _ in range(max(1, round(share * len(found)))):
        one, other = rng.integers(len(found), size=2).tolist()
        found[one], found[other] = found[other], found[one]
    return "".join(found)


def _masked(text: str, share: float, rng: np.random.Generator, goes_on: GoesOn) -> str:
    """A run of units becomes a sign. Source: Joshi et al. 2020, "SpanBERT"."""
    found = units(text)
    n = max(1, round(share * len(found)))
    first = int(rng.integers(len(found) - n + 1))
    return "".join([*found[:first], MASK, *found[first + n :]])


def _sampled(text: str, share: float, rng: np.random.Generator, goes_on: GoesOn) -> str:
    """The end is written anew by the model. Source: Anaby-Tavor et al. 2020, "LAMBADA"."""
    found = units(text)
    n = max(1, round(share * len(found)))
    seed = int(rng.integers(2**32))
    return goes_on("".join(found[:-n]), n, seed)


@dataclass(frozen=True)
class Way:
    """One row."""

    change: Callable[[str, float, np.random.Generator, GoesOn], str]
    summary: str


WAYS = {
    "delete": Way(_deleted, "characters or words are left out"),
    "swap": Way(_swapped, "characters or words change places"),
    "mask": Way(_masked, f"a run of them becomes {MASK}"),
    "sample": Way(_sampled, "the end is written anew by the model that is gone on from"),
}


def check(names: Sequence[str]) -> None:
    """Refuse what is in no row.

    Raises:
        UnknownChoice: with the nearest names.
    """
    for name in names:
        if name not in WAYS:
            raise UnknownChoice(f"no augmentation '{name}'", did_you_mean(name, list(WAYS)))


def changed(text: str, config: TuneConfig, seed: Sequence[int], goes_on: GoesOn) -> list[str]:
    """Copies of a text, `augment_copies` by each way; those that changed nothing are left out."""
    found: dict[str, None] = {}
    for at, name in enumerate(config.augment):
        for copy in range(config.augment_copies):
            rng = np.random.default_rng((*seed, at, copy))
            made = WAYS[name].change(text, config.augment_share, rng, goes_on).strip()
            if made and made != text:
                found[made] = None
    return list(found)
