"""What a training looks like on a terminal."""

import fcntl
import io
import os
import pty
import struct
import subprocess
import sys
import termios
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from prompt_gen.cli.live import Standing, clock, packed, visible
from prompt_gen.run import Event

FACTS = {"step": 1234, "epochs": 2.5, "tokens_per_s": 12345.6, "bits_per_char": 4.5678}
LOOK = {
    "validation_bits_per_char": 4.9,
    "references": {"unigram": 9.2, "bigram": 6.0, "kneser_ney": 5.2},
    "samples": [
        "高血压患者要注意饮食清淡，少吃盐，多吃新鲜蔬菜水果，定期测量血压并按时服药",
        "I\n\x1b[2J",
    ],
}


def standing() -> Standing:
    noon = time.mktime((2026, 1, 2, 12, 0, 0, 0, 0, -1))
    made = Standing(now=lambda: noon)
    made.hear(Event("training", "note", facts={"step": 600} | LOOK))
    made.hear(Event("training", "progress", 0.4, 1.0, FACTS | {"left_s": 725.0}))
    made.hear(Event("training", "note", facts={"step": 1234, "validation_bits_per_char": 5.0}))
    return made


def drawn(width: int) -> str:
    file = io.StringIO()
    Console(file=file, width=width, color_system=None, force_terminal=True).print(standing())
    return file.getvalue().replace("\x1b[0m", "")


def test_what_is_drawn_on_sixty_columns() -> None:
    assert drawn(60) == (
        "training ━━━━━━━━────────────  40% · 12:05 left, until 12:12\n"
        "step 1,234 · 2.50 epochs · 12,346 tokens/s\n"
        "4.568 bits per character · 5.000 on validation\n"
        "best 4.900 at step 600\n"
        "unigram 9.200 · bigram 6.000 · Kneser-Ney 5.200\n"
        "  高血压患者要注意饮食清淡，少吃盐，多吃新鲜蔬菜水果，定期 …\n"
        "  I↵\ufffd[2J\n"
    )


@pytest.mark.parametrize("width", [20, 37, 60, 80, 200])
def test_nothing_is_wider_than_the_terminal(width: int) -> None:
    assert max(map(cell_len, drawn(width).splitlines())) <= width


def test_the_line_where_nothing_can_be_drawn_over() -> None:
    assert standing().line() == (
        "training:  40%  step 1,234 · 2.50 epochs · 12,346 tokens/s · 4.568 bits per character · "
        "5.000 on validation · best 4.900 at step 600 · 12:05 left, until 12:12"
    )


def test_before_the_first_report_there_is_only_a_bar() -> None:
    assert Standing().line().strip() == "training:   0%"


@given(st.lists(st.text("a高 ", min_size=1, max_size=9), max_size=9), st.integers(10, 40))
def test_packing_keeps_every_item_in_order(items: list[str], width: int) -> None:
    rows = packed(items, width)
    assert " · ".join(rows) == " · ".join(items)
    assert all(cell_len(row) <= max(width, *map(cell_len, items)) for row in rows)


@given(st.text())
def test_nothing_a_model_writes_acts_on_the_terminal(text: str) -> None:
    assert visible(text).isprintable()
    assert len(visible(text)) == len(text)


def test_clocks() -> None:
    assert [clock(s) for s in (4.6, 725, 3600)] == ["0:05", "12:05", "1:00:00"]


WATCHED = """
import os
from prompt_gen.cli.watcher import Watcher
from prompt_gen.run import Event
LOOK = {"validation_bits_per_char": 4.5, "training_bits_per_char": 4.0,
        "references": {"unigram": 9.2, "bigram": 6.0, "kneser_ney": 5.2}}
with Watcher() as watch:
    watch(Event("training", "progress", 0.5, 1.0, {"step": 3, "left_s": 60.0}))
    watch(Event("training", "note", facts=LOOK))
    watch(Event("training", "note", facts={"warning": "高 the rate"}))
    HOW
"""
ENDS = {"well": "pass", "error": "raise SystemExit(3)", "Ctrl-C": "os.kill(os.getpid(), 2)"}


def on_terminal(code: str, **env: str) -> str:
    """What a process writes to a terminal of sixty columns."""
    here, there = pty.openpty()
    fcntl.ioctl(there, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    unset = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    process = subprocess.Popen(
        [sys.executable, "-c", code], stderr=there, env={**unset, "TERM": "xterm-256color", **env}
    )
    os.close(there)
    written = b""
    try:
        while piece := os.read(here, 65_536):
            written += piece
    except OSError:  # the other side is closed
        pass
    process.wait()
    os.close(here)
    return written.decode()


@pytest.mark.parametrize("end", ENDS)
def test_a_terminal_is_left_clean(end: str) -> None:
    written = on_terminal(WATCHED.replace("HOW", ENDS[end]))
    assert written.count("\x1b[?25l") == written.count("\x1b[?25h") == 1
    warning, after = written.split("warning: 高 the rate")
    assert "\x1b[2K" in warning  # it scrolls above what was drawn
    n_rows = after.split("\x1b[?25h")[0].split("\x1b[2K")[-1].count("\n")
    erased = after.split("\x1b[?25h")[1]
    assert erased.count("\x1b[1A\x1b[2K") == n_rows == 4


def test_no_colour_where_none_is_wanted() -> None:
    code = WATCHED.replace("HOW", "pass")
    assert "\x1b[32m" in on_terminal(code)
    assert "\x1b[32m" not in on_terminal(code, NO_COLOR="1")


def test_a_dumb_terminal_gets_plain_lines() -> None:
    written = on_terminal(WATCHED.replace("HOW", "pass"), TERM="dumb")
    assert "\x1b" not in written
    assert "training:  50%  step 3 · 1:00 left" in written
    assert "training: warning: 高 the rate" in written
