"""A training on the terminal: what is known of it by now, drawn in place or said in a line."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from prompt_gen.run import Event

if TYPE_CHECKING:  # rich is loaded when something is drawn, not for --help
    from rich.console import Console, ConsoleOptions
    from rich.text import Text

_APART = " · "
_PLACE = {"step": "step {:,}", "epochs": "{:.2f} epochs", "tokens_per_s": "{:,.0f} tokens/s"}
REFERENCES = {"unigram": "unigram", "bigram": "bigram", "kneser_ney": "Kneser-Ney"}
_LOSSES = {"bits_per_char": "bits per character", "sampled_loss": "sampled loss"}
_MIN_BAR = 4  # columns


class Standing:
    """What a training has told by now; rich draws it, in any width."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self.share = 0.0
        self.facts: dict[str, Any] = {}
        self.best = math.inf, 0  # bits per character on validation, and the step
        self._now = now

    def hear(self, event: Event) -> None:
        """Take what an event says."""
        self.share = event.done / event.total if event.total else self.share
        if event.state == "progress":  # one of them is told, by the kind of the loss
            self.facts = {name: self.facts[name] for name in self.facts if name not in _LOSSES}
        self.facts |= event.facts
        bits = event.facts.get("validation_bits_per_char", math.inf)
        self.best = min(self.best, (bits, self.facts.get("step", 0)))

    def line(self) -> str:
        """The essential, for where nothing can be drawn over."""
        text = f"training: {self.share:4.0%}  {_APART.join([*self._place(), *self._bits()])}"
        return f"{text}{_APART}{self._left()}" if self._left() else text

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "Iterator[Text]":
        width = options.max_width
        yield self._bar(width)
        for items in (self._place(), self._bits()):
            yield from (_row(text) for text in packed(items, width))
        for text in packed(self._references(), width):
            yield _row(text, "dim")
        for sample in self.facts.get("samples", ()):
            yield _row(f"  {visible(sample)}", "cyan")

    def _bar(self, width: int) -> "Text":
        head, tail = "training ", f" {self.share:4.0%}"
        if self._left():
            tail += f"{_APART}{self._left()}"
        room = max(_MIN_BAR, width - len(head) - len(tail))
        n_done = math.floor(self.share * room)
        row = _row("").append(head, "bold")
        row.append("━" * n_done, "green").append("─" * (room - n_done), "dim")
        return row.append(tail)

    def _left(self) -> str:
        """How long it will take, and until when."""
        left = self.facts.get("left_s")
        if left is None:
            return ""
        end = time.localtime(self._now() + left)
        when = time.strftime("%H:%M" if left < 86_400 else "%d %b %H:%M", end)
        return f"{clock(left)} left, until {when}"

    def _place(self) -> list[str]:
        known = {name: self.facts[name] for name in _PLACE if name in self.facts}
        return [_PLACE[name].format(value) for name, value in known.items()]

    def _bits(self) -> list[str]:
        said: list[str] = []
        said += [f"{self.facts[n]:.3f} {what}" for n, what in _LOSSES.items() if n in self.facts]
        if "validation_bits_per_char" in self.facts:
            bits, step = self.best
            now = f"{self.facts['validation_bits_per_char']:.3f} on validation"
            said += [now, f"best {bits:.3f} at step {step:,}"]
        return said

    def _references(self) -> list[str]:
        references = self.facts.get("references") or {}
        return [
            f"{name} {references[key]:.3f}" for key, name in REFERENCES.items() if key in references
        ]


class Display:
    """The live part of a terminal: a training that is drawn in place until it is closed."""

    def __init__(self, standing: Standing) -> None:
        from rich.console import Console
        from rich.live import Live

        self._live = Live(
            standing,
            console=Console(stderr=True),
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,  # results stay results
        )
        self._live.start(refresh=True)

    def draw(self) -> None:
        """Draw what is known now."""
        self._live.refresh()

    def say(self, text: str) -> None:
        """A line that stays, above the live part."""
        from rich.text import Text

        self._live.console.print(Text(text), soft_wrap=True)

    def close(self) -> None:
        """Leave the terminal as if nothing had been drawn."""
        self._live.stop()


def packed(items: Sequence[str], width: int) -> list[str]:
    """Items side by side in as few rows as fit the width; none is broken over two rows."""
    from rich.cells import cell_len

    rows: list[str] = []
    for item in items:
        if rows and cell_len(rows[-1] + _APART + item) <= width:
            rows[-1] += _APART + item
        else:
            rows.append(item)
    return rows


def visible(text: str) -> str:
    """What a model wrote, in one line and harmless to a terminal."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text.replace("\n", "↵"))


def clock(seconds: float) -> str:
    """Minutes and seconds, with hours where there are any: 4:05, 1:00:00."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _row(text: str, style: str = "") -> "Text":
    from rich.text import Text

    return Text(text, style, no_wrap=True, overflow="ellipsis")
