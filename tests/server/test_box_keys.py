"""Every key of the box, by what is on screen: no list, a list, an active row, inline text."""

from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Page, expect

from tests.server.stage import LINES, Stage, candidate

pytestmark = pytest.mark.browser
TYPED = "高血压"
FIRST, SECOND, THIRD = LINES[:3]
AREA = '<textarea id="note"></textarea>'
WORD = "高血压要注意饮"  # the typed text and four characters more


@dataclass
class Then:
    """What is to be seen behind a key. None: as before."""

    value: str = TYPED
    caret: int | None = None  # none: at the end
    rows: int = 0  # of the list; 0: it is closed
    active: int = -1
    submitted: list[str] = field(default_factory=list)
    prevented: bool | None = False  # whether the browser's own action was


OPEN = {"rows": 3}
KEYS = [
    # list closed
    ("closed", "Enter", Then(submitted=[TYPED])),
    ("closed", "ArrowDown", Then(**OPEN, active=0, prevented=True)),
    ("closed", "ArrowUp", Then(**OPEN, active=2, prevented=True)),
    ("closed", "Alt+ArrowDown", Then(**OPEN, prevented=True)),
    ("closed", "Alt+ArrowUp", Then()),
    ("closed", "Escape", Then()),
    ("closed", "ArrowLeft", Then(caret=2)),
    ("closed", "Home", Then(caret=0)),
    ("closed", "Control+ArrowRight", Then()),
    ("closed", "Alt+Backslash", Then(**OPEN, prevented=True)),
    ("closed", "Alt+BracketRight", Then()),
    # list open, no row active
    ("open", "Enter", Then(submitted=[TYPED])),
    ("open", "ArrowDown", Then(**OPEN, active=0, prevented=True)),
    ("open", "ArrowUp", Then(**OPEN, active=2, prevented=True)),
    ("open", "Alt+ArrowDown", Then(**OPEN, prevented=True)),
    ("open", "Alt+ArrowUp", Then(prevented=True)),
    ("open", "Escape", Then(prevented=True)),
    ("open", "ArrowRight", Then(**OPEN)),
    ("open", "End", Then(**OPEN)),
    ("open", "ArrowLeft", Then(caret=2)),
    ("open", "Control+ArrowRight", Then(**OPEN)),
    ("open", "Alt+BracketRight", Then(**OPEN)),
    ("open", "Alt+Digit2", Then(**OPEN)),  # off unless it is asked for
    # a row active
    ("chosen", "Enter", Then(value=FIRST, prevented=True)),
    ("chosen", "ArrowDown", Then(**OPEN, active=1, prevented=True)),
    ("chosen", "ArrowUp", Then(**OPEN, active=-1, prevented=True)),
    ("chosen", "Alt+ArrowDown", Then(**OPEN, active=0, prevented=True)),
    ("chosen", "Alt+ArrowUp", Then(prevented=True)),
    ("chosen", "Escape", Then(**OPEN, active=-1, prevented=True)),
    ("chosen", "ArrowRight", Then(**OPEN)),
    ("chosen", "End", Then(**OPEN)),
    ("chosen", "ArrowLeft", Then(caret=2)),
    ("chosen", "Home", Then(caret=0)),
    ("chosen", "Shift+ArrowLeft", Then(caret=2)),
    ("chosen", "Backspace", Then(value="高血", **OPEN)),
    ("chosen", "Delete", Then(**OPEN)),
    ("chosen", "Control+ArrowRight", Then(value=WORD, rows=1, active=0, prevented=True)),
    ("chosen", "Alt+Backslash", Then(**OPEN, active=1, prevented=True)),
    ("chosen", "Alt+BracketRight", Then(**OPEN, active=1, prevented=True)),
    ("chosen", "Alt+BracketLeft", Then(**OPEN, active=2, prevented=True)),
    # inline text, no row active
    ("inline", "Enter", Then(submitted=[TYPED])),
    ("inline", "Tab", Then(value=FIRST, prevented=True)),
    ("inline", "ArrowRight", Then(value=FIRST, prevented=True)),
    ("inline", "End", Then(value=FIRST, prevented=True)),
    ("inline", "Control+ArrowRight", Then(value=WORD, rows=1, prevented=True)),
    ("inline", "Escape", Then(**OPEN, prevented=True)),
    ("inline", "Alt+BracketRight", Then(**OPEN, active=1, prevented=True)),
    ("inline", "Alt+BracketLeft", Then(**OPEN, active=2, prevented=True)),
    ("inline", "ArrowLeft", Then(caret=2)),
]


def in_state(page: Page, state: str, attributes: str = "", **how: str) -> Stage:
    stage = Stage(page, attributes + " inline" * (state == "inline"), **how)
    stage.open(TYPED)
    if state == "closed":
        stage.press("Escape")
    if state == "chosen":
        stage.press("ArrowDown")
    page.evaluate("prevented.length = 0")
    return stage


def seen(stage: Stage) -> Then:
    stage.quiet()
    caret = stage.field.evaluate("(field) => field.selectionStart")
    value = stage.value
    return Then(
        value,
        None if caret == len(value) else caret,
        stage.options.count(),
        stage.active,
        stage.page.evaluate("submitted"),
        stage.page.evaluate("prevented.at(-1)"),
    )


@pytest.mark.parametrize(("state", "key", "then"), KEYS, ids=[f"{s}-{k}" for s, k, _ in KEYS])
def test_what_a_key_does(page: Page, state: str, key: str, then: Then) -> None:
    stage = in_state(page, state)
    stage.press(key)
    assert seen(stage) == then
    expect(stage.field).to_be_focused()


@pytest.mark.parametrize("state", ["closed", "open", "chosen", "inline"])
def test_a_printable_key_types_and_asks(page: Page, state: str) -> None:
    stage = in_state(page, state)
    stage.type("要")
    assert seen(stage) == Then(value="高血压要", rows=2, prevented=None)  # typed without a key
    assert stage.prompts[-1] == "高血压要"


def test_arrows_pass_through_the_field_itself(page: Page) -> None:
    stage = in_state(page, "open")
    order = []
    for _ in range(5):
        stage.press("ArrowDown")
        order.append(stage.active)
    assert order == [0, 1, 2, -1, 0]
    assert stage.value == TYPED
    for _ in range(3):
        stage.press("ArrowUp")
        order.append(stage.active)
    assert order[5:] == [-1, 2, 1]


def test_an_arrow_opens_without_waiting_for_the_debounce(page: Page) -> None:
    stage = Stage(page, 'debounce="60000"')
    stage.type(TYPED)
    stage.quiet()
    assert stage.prompts == []
    stage.press("ArrowDown")
    stage.quiet()
    assert stage.prompts == [TYPED]
    assert stage.active == 0


@pytest.mark.parametrize("key", ["ArrowDown", "ArrowUp"])
def test_a_text_area_keeps_its_line_keys_while_the_list_is_closed(page: Page, key: str) -> None:
    stage = in_state(page, "closed", field=AREA)
    stage.press(key)
    assert seen(stage).prevented is False
    assert stage.options.count() == 0
    stage.press("End", "Alt+ArrowDown")
    expect(stage.options).to_have_count(3)
    stage.press("ArrowDown")
    assert stage.active == 0


def test_enter_begins_a_line_in_a_text_area_unless_a_row_is_active(page: Page) -> None:
    stage = in_state(page, "open", field=AREA)
    stage.press("Enter")
    assert stage.value == f"{TYPED}\n"
    stage.open(TYPED)
    stage.press("ArrowDown", "Enter")
    assert stage.value == f"{TYPED}\n{FIRST}"
    stage.press("Enter")
    assert stage.value == f"{TYPED}\n{FIRST}\n"


def test_the_second_enter_submits(page: Page) -> None:
    stage = in_state(page, "chosen")
    stage.press("Enter")
    assert page.evaluate("submitted") == []
    stage.press("Enter")
    assert page.evaluate("submitted") == [FIRST]


@pytest.mark.parametrize("state", ["closed", "open", "chosen"])
def test_tab_leaves_and_cancels_what_waits(page: Page, state: str) -> None:
    stage = in_state(page, state)
    stage.press("Tab")
    expect(page.locator("#after")).to_be_focused()
    assert (stage.value, stage.options.count()) == (TYPED, 0)


@pytest.mark.parametrize("state", ["closed", "open", "chosen", "inline"])
def test_shift_tab_always_leaves(page: Page, state: str) -> None:
    stage = in_state(page, state, "accept-on-tab")
    stage.press("Shift+Tab")
    expect(stage.field).not_to_be_focused()
    assert stage.value == TYPED


def test_tab_accepts_an_active_row_where_that_is_asked_for(page: Page) -> None:
    stage = in_state(page, "chosen", "accept-on-tab")
    stage.press("Tab")
    assert stage.value == FIRST
    expect(stage.field).to_be_focused()
    stage.press("Tab")
    expect(page.locator("#after")).to_be_focused()


def test_tab_leaves_from_inline_text_where_it_is_told_to(page: Page) -> None:
    stage = in_state(page, "inline", 'accept-on-tab="false"')
    stage.press("Tab")
    expect(page.locator("#after")).to_be_focused()
    assert stage.value == TYPED


@pytest.mark.parametrize("state", ["chosen", "inline"])
def test_nobody_is_trapped_escape_then_tab_leaves(page: Page, state: str) -> None:
    stage = in_state(page, state, "accept-on-tab")
    stage.press("Escape", "Tab")
    expect(page.locator("#after")).to_be_focused()
    assert stage.value == TYPED


@pytest.mark.parametrize("state", ["chosen", "inline"])
def test_escape_first_drops_then_closes(page: Page, state: str) -> None:
    stage = in_state(page, state)
    stage.press("Escape")
    assert (stage.active, stage.inline, stage.options.count()) == (-1, "", 3)
    stage.press("Escape")
    assert (stage.options.count(), stage.value) == (0, TYPED)
    assert stage.told("pg-dismiss") == [{"reason": "escape"}]


def test_escape_clears_only_where_that_is_asked_for(page: Page) -> None:
    stage = in_state(page, "closed", "clear-on-esc")
    stage.press("Escape")
    assert stage.value == ""


def test_escape_does_not_clear_a_search_field(page: Page) -> None:
    stage = in_state(page, "closed", field='<input id="note" type="search">')
    stage.press("Escape")
    assert stage.value == TYPED


def test_escape_cancels_what_was_asked(page: Page) -> None:
    stage = Stage(page)
    stage.is_holding = True
    stage.type(TYPED)
    stage.quiet()
    stage.press("Escape")
    stage.quiet()
    for route in stage.held:
        route.abort()
    assert page.evaluate("told") == []
    assert stage.options.count() == 0


def test_words_are_accepted_one_after_the_other(page: Page) -> None:
    lines = ("take one tablet daily, with water", "药物治疗，每天两次")
    stage = Stage(page, lines=lines)
    stage.open("take")
    stage.press("ArrowDown")
    steps = []
    for _ in range(5):
        stage.press("Control+ArrowRight")
        steps.append(stage.value)
    assert steps == [
        "take one", "take one tablet", "take one tablet daily,", "take one tablet daily, with",
        lines[0],
    ]  # fmt: skip
    assert [told["text"] for told in stage.told("pg-accept")] == [
        " one", " tablet", " daily,", " with", " water",
    ]  # fmt: skip
    stage.field.fill("")
    stage.open("药")
    stage.press("ArrowDown")
    steps = []
    for _ in range(3):
        stage.press("Control+ArrowRight")
        steps.append(stage.value)
    assert steps == ["药物治疗", "药物治疗，", "药物治疗，每天两次"]


def test_digits_type_and_with_alt_accept_where_that_is_asked_for(page: Page) -> None:
    stage = in_state(page, "open", "digit-keys")
    stage.type("2")
    assert stage.value == f"{TYPED}2"
    stage.press("Backspace")
    expect(stage.options).to_have_count(3)
    stage.quiet()
    stage.press("Alt+Digit2")
    assert stage.value == SECOND


def test_asking_again_shows_others_and_then_begins_anew(page: Page) -> None:
    lines = tuple(f"高血压{n}" for n in "一二三四五六七")
    stage = Stage(page, 'n="3"', lines=lines)
    stage.open(TYPED)
    shown = [stage.texts()]
    for _ in range(3):
        stage.press("Alt+Backslash")
        stage.quiet()
        shown.append(stage.texts())
    assert shown == [list(lines[:3]), list(lines[3:6]), list(lines[6:]), list(lines[:3])]


def test_ctrl_space_asks_but_not_where_it_switches_the_input_method(page: Page) -> None:
    stage = in_state(page, "closed", script="latin")
    stage.press("Control+Space")
    expect(stage.options).to_have_count(3)
    assert stage.value == TYPED


def test_ctrl_space_is_left_to_chinese_input_methods(page: Page) -> None:
    stage = in_state(page, "closed", script="cjk")
    n_before = len(stage.asked)
    stage.press("Control+Space")
    assert seen(stage).prevented is False
    assert len(stage.asked) == n_before


@pytest.mark.parametrize("key", ["Control+Enter", "Meta+ArrowDown", "Control+ArrowDown", "F5"])
def test_keys_of_the_page_and_the_browser_are_left_alone(page: Page, key: str) -> None:
    stage = in_state(page, "chosen")
    page.evaluate("addEventListener('keydown', (event) => event.preventDefault())")
    stage.press(key)
    assert page.evaluate("prevented.at(-1)") is False
    assert stage.value == TYPED


def test_a_manual_box_asks_only_by_hand(page: Page) -> None:
    stage = Stage(page, 'trigger="manual"')
    stage.type(TYPED)
    stage.quiet()
    assert stage.prompts == []
    stage.press("Alt+Backslash")
    expect(stage.options).to_have_count(3)
    stage.type("要")
    expect(stage.options).to_have_count(2)  # shrunk, without asking
    stage.type("求")
    expect(stage.options).to_have_count(0)
    assert stage.prompts == [TYPED]


def test_by_hand_the_unsure_is_shown_too(page: Page) -> None:
    stage = Stage(page, 'min-score="0.9"')
    stage.answer = lambda body: stage.reply(body, [candidate(FIRST, body["prompt"], score=0.2)])
    stage.type(TYPED)
    stage.quiet()
    assert stage.options.count() == 0
    stage.press("Alt+Backslash")
    expect(stage.options).to_have_text([FIRST])
