"""What the looks at a run say is wrong with it, and what to do: one row per warning.

A row is a pure function of what is known by a look: told once, at the first look that says so.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from prompt_gen.training.recipe import Recipe
from prompt_gen.training.references import References

# Standard error of the validation bits from which on they tell little: 200 lines of medical
# questions have 0.15, and the same lines at every look make differences much surer than that.
UNCLEAR_BITS = 0.25
RISE_BITS = 0.1  # above the lowest look: more than looks differ by chance
HEART_BITS = 0.02  # the same where text is learned by heart, twice in a row
FALL_BITS = 0.25  # in a doubling of the time: a run that has far to go
EARLY = 0.3  # share of a run behind which a network knows more than pairs of tokens


@dataclass(frozen=True)
class Look:
    """The model at one moment; bits per character, of equally many lines of both kinds."""

    step: int
    share: float  # of the run that was behind
    epochs: float
    training: float
    validation: float


@dataclass(frozen=True)
class Situation:
    """All looks by now, oldest first, at least one, and what they are judged by."""

    looks: tuple[Look, ...]
    references: References
    recipe: Recipe
    is_timed: bool  # as long as some minutes; else as some steps

    @property
    def last(self) -> Look:
        """The newest look."""
        return self.looks[-1]

    @property
    def best(self) -> Look:
        """The look with the fewest bits on validation lines."""
        return min(self.looks, key=lambda look: look.validation)

    @property
    def longer(self) -> str:
        """What makes a run longer."""
        return "--minutes" if self.is_timed else "--steps"


def _unclear(now: Situation) -> str | None:
    error = now.references.error
    if error <= UNCLEAR_BITS:
        return None
    return (
        f"the validation lines are too few: other lines of this text could differ by "
        f"{2 * error:.2f} bits per character, so small differences between looks are chance; give "
        "more text, or a larger part of it (corpus.validation), or look at more lines "
        "(train.validate_lines)"
    )


def _rate_too_high(now: Situation) -> str | None:
    lowest = min(now.looks, key=lambda look: look.training)
    rise = now.last.training - lowest.training
    if rise < RISE_BITS or now.last.validation - now.best.validation < RISE_BITS:
        return None
    matrix_lr, other_lr = now.recipe.matrix_lr, now.recipe.other_lr
    return (
        f"bits per character rise, on training lines too: {lowest.training:.2f} at step "
        f"{lowest.step:,}, {now.last.training:.2f} at step {now.last.step:,}; the learning rate is "
        f"too high: start over with --set train.matrix_lr={matrix_lr / 2:g} and "
        f"--set train.other_lr={other_lr / 2:g}"
    )


def _learned_by_heart(now: Situation) -> str | None:
    since = now.looks[now.looks.index(now.best) :]
    if len(since) < 3 or since[-1].training >= since[0].training:
        return None
    if min(look.validation for look in since[-2:]) < now.best.validation + HEART_BITS:
        return None
    dropout = min(0.5, now.recipe.dropout + 0.1)
    return (
        f"the text is being learned by heart, having been seen {now.last.epochs:.1f} times: "
        f"{since[0].training:.2f} to {now.last.training:.2f} bits per character on training lines, "
        f"but {now.best.validation:.2f} to {now.last.validation:.2f} on validation lines; more "
        f"text helps most, else fewer {now.longer} or --set train.dropout={dropout:g}"
    )


def _too_short(now: Situation) -> str | None:
    if now.last.share < 1 or now.last.validation > now.best.validation + HEART_BITS:
        return None
    if now.is_timed and now.last.epochs >= 0.99 * now.recipe.max_epochs:
        return None  # more of the same text is not shown anyhow
    steady = [look for look in now.looks if look.share <= 1 - now.recipe.decay]
    before = [look for look in steady if look.share <= steady[-1].share / 2]
    if not before or (fall := before[-1].validation - steady[-1].validation) < FALL_BITS:
        return None
    return (
        f"training was short: doubling the time, from {before[-1].share:.0%} to "
        f"{steady[-1].share:.0%} of the run, took {fall:.2f} bits per character off, and there is "
        f"more to gain: give it more {now.longer}"
    )


def _worse_than_counts(now: Situation) -> str | None:
    if now.last.share < EARLY:
        return None
    known = {"single tokens": now.references.unigram, "pairs of tokens": now.references.bigram}
    beaten_by = [(bits, name) for name, bits in known.items() if bits <= now.last.validation]
    if not beaten_by:
        return None
    bits, name = max(beaten_by)
    return (
        f"after {now.last.share:.0%} of the run the network ({now.last.validation:.2f} bits per "
        f"character) knows less than counts of {name} ({bits:.2f}): the run is too short for its "
        f"shape, or the learning rate does not fit; give it more {now.longer} or a smaller network "
        "(model.width, model.layers)"
    )


def _worse_than_kneser_ney(now: Situation) -> str | None:
    bits = now.references.kneser_ney
    if now.last.share < 1 or now.best.validation <= bits:
        return None
    return (
        f"n-gram counts, made in seconds, are better than the network ({bits:.2f} bits per "
        f"character, the network {now.best.validation:.2f}): give it more {now.longer}, or more "
        "text; see the baselines in the evaluation"
    )


WARNINGS: dict[str, Callable[[Situation], str | None]] = {
    "unclear": _unclear,
    "rate_too_high": _rate_too_high,
    "learned_by_heart": _learned_by_heart,
    "worse_than_counts": _worse_than_counts,
    "too_short": _too_short,
    "worse_than_kneser_ney": _worse_than_kneser_ney,
}


def warnings(now: Situation) -> dict[str, str]:
    """What the newest look says that none before it has said, by the name of its row."""
    said = {name: row(now) for name, row in WARNINGS.items()}
    before = [replace(now, looks=now.looks[:n]) for n in range(1, len(now.looks))]
    return {
        name: text
        for name, text in said.items()
        if text and not any(WARNINGS[name](earlier) for earlier in before)
    }
