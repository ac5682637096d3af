"""Who watches a command at work: lines for events, and a live display of a training."""

import os
import sys
import time

from prompt_gen.cli import events, live
from prompt_gen.cli.show import say
from prompt_gen.run import Event

_LINE_EVERY_S = 10.0  # between progress lines where there is no terminal


class Watcher:
    """Turns events into lines; on a terminal what is running is drawn over.

    Leaving its block leaves the terminal clean, however the block ends.
    """

    def __init__(self) -> None:
        self._can_draw = sys.stderr.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")
        self._last = 0.0
        self._drawn = False
        self._training = live.Standing()
        self._display: live.Display | None = None

    def __enter__(self) -> "Watcher":
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def __call__(self, event: Event) -> None:
        """Show an event."""
        is_live = event.station == "training" and self._can_draw
        if event.station == "training" and event.state in ("progress", "note"):
            self._training.hear(event)
        if event.state == "progress":
            if not is_live:
                self._progress(event)
        elif text := events.text(event, is_live):
            if event.state == "done":
                self._close()
            self._line(text)
        if is_live and event.state in ("start", "progress", "note"):
            self._draw()

    def _progress(self, event: Event) -> None:
        now = time.monotonic()
        if now - self._last < (0.2 if self._can_draw else _LINE_EVERY_S):
            return
        self._last = now
        is_training = event.station == "training"
        text = self._training.line() if is_training else events.progress(event)
        if self._can_draw:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
            self._drawn = True
        else:
            say(text)

    def _draw(self) -> None:
        if self._display is None:
            self._erase()
            self._display = live.Display(self._training)
        self._display.draw()

    def _line(self, text: str) -> None:
        self._erase()
        self._display.say(text) if self._display else say(text)

    def _erase(self) -> None:
        if self._drawn:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._drawn = False

    def _close(self) -> None:
        if self._display:
            self._display.close()
            self._display = None
