"""Input methods: real compositions, and the orders of events that other browsers send them in."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.server.stage import LINES, Stage, commit, compose

pytestmark = pytest.mark.browser
PINYIN = ("g", "ga", "gao", "gao x", "gao xue", "gao xue y", "gao xue ya")
ENGLISH = ("helpful answers", "help is on its way", "hello there")
MODES = [  # attribute, script of the corpus, whether letters of a composition are sent
    ("", "cjk", False),
    ("", "latin", True),
    ("", "other", True),
    ('composition="auto"', "cjk", False),
    ('composition="wait"', "latin", False),
    ('composition="live"', "cjk", True),
    ('composition="committed"', "latin", False),
]

# What browsers send when a composition of h, he, hel is committed as "hel" by Enter or by a space:
# (event, text of the field, facts of the event).
TRACES: dict[str, list[tuple[str, str, dict[str, Any]]]] = {
    "chrome": [
        ("keydown", "", {"key": "Process", "keyCode": 229, "isComposing": False}),
        ("compositionstart", "", {}),
        ("input", "he", {"inputType": "insertCompositionText", "isComposing": True}),
        ("keydown", "he", {"key": "Process", "keyCode": 229, "isComposing": True}),
        ("input", "hel", {"inputType": "insertCompositionText", "isComposing": True}),
        ("keydown", "hel", {"key": "Enter", "keyCode": 229, "isComposing": True}),
        ("input", "hel", {"inputType": "insertCompositionText", "isComposing": True}),
        ("compositionend", "hel", {}),
    ],
    "firefox": [  # the last input comes behind the end
        ("keydown", "", {"key": "Process", "keyCode": 229, "isComposing": False}),
        ("compositionstart", "", {}),
        ("input", "he", {"inputType": "insertCompositionText", "isComposing": True}),
        ("input", "hel", {"inputType": "insertCompositionText", "isComposing": True}),
        ("keydown", "hel", {"key": "Enter", "keyCode": 229, "isComposing": True}),
        ("compositionend", "hel", {}),
        ("input", "hel", {"inputType": "insertCompositionText", "isComposing": False}),
    ],
    "safari": [  # the Enter comes behind the end, and says so by its code only
        ("compositionstart", "", {}),
        ("input", "he", {"inputType": "insertCompositionText", "isComposing": True}),
        ("keydown", "he", {"key": "l", "keyCode": 229, "isComposing": True}),
        ("input", "", {"inputType": "deleteCompositionText", "isComposing": True}),
        ("input", "hel", {"inputType": "insertFromComposition", "isComposing": True}),
        ("compositionend", "hel", {}),
        ("keydown", "hel", {"key": "Enter", "keyCode": 229, "isComposing": False}),
    ],
    "gboard": [  # every letter of a Latin word
        ("keydown", "", {"key": "Unidentified", "keyCode": 229, "isComposing": False}),
        ("compositionstart", "", {}),
        ("input", "h", {"inputType": "insertCompositionText", "isComposing": True}),
        ("keydown", "h", {"key": "Unidentified", "keyCode": 229, "isComposing": True}),
        ("input", "he", {"inputType": "insertCompositionText", "isComposing": True}),
        ("keydown", "he", {"key": "Unidentified", "keyCode": 229, "isComposing": True}),
        ("input", "hel", {"inputType": "insertCompositionText", "isComposing": True}),
        ("keydown", "hel", {"key": "Unidentified", "keyCode": 229, "isComposing": True}),
        ("compositionend", "hel", {}),
    ],
}
PLAY = """async ([events, pause]) => {
  const field = document.querySelector('#note');
  const kinds = { keydown: KeyboardEvent, input: InputEvent };
  for (const [type, text, facts] of events) {
    if (field.value !== text) field.value = text;
    const made = new (kinds[type] ?? CompositionEvent)(type, { bubbles: true, cancelable: true, ...facts });
    if (facts.keyCode) Object.defineProperty(made, 'keyCode', { value: facts.keyCode });
    field.dispatchEvent(made);
    await new Promise((go) => { if (pause) setTimeout(go, pause); else go(); });
  }
}"""  # noqa: E501


def play(stage: Stage, browser: str, pause: int = 0) -> None:
    stage.page.evaluate(PLAY, [TRACES[browser], pause])
    stage.quiet()


def test_half_typed_pinyin_is_not_sent_and_the_committed_text_is_once(page: Page) -> None:
    stage = Stage(page)
    method = stage.method()
    compose(method, *PINYIN)
    stage.quiet()
    assert stage.value == PINYIN[-1]
    assert stage.prompts == []
    commit(method, "高血压")
    expect(stage.options).to_have_count(3)
    assert stage.prompts == ["高血压"]
    assert stage.active == -1


@pytest.mark.parametrize(("attributes", "script", "is_live"), MODES)
def test_which_compositions_count_as_typing(
    page: Page, attributes: str, script: str, is_live: bool
) -> None:
    stage = Stage(page, attributes, script=script, lines=ENGLISH)
    method = stage.method()
    for text in ("h", "he", "hel"):
        compose(method, text)
        stage.quiet()
    assert stage.prompts == (["h", "he", "hel"] if is_live else [])
    commit(method, "hel")
    stage.quiet()
    assert stage.prompts == (["h", "he", "hel"] if is_live else ["hel"])
    assert stage.texts() == list(ENGLISH)


def test_before_the_script_is_known_a_composition_waits(page: Page) -> None:
    stage = Stage(page, script="latin", models_status=500)
    compose(stage.method(), "h", "he")
    stage.quiet()
    assert stage.prompts == []


@pytest.mark.parametrize("composition", ["wait", "committed"])
def test_the_list_is_frozen_while_a_composition_is_open(page: Page, composition: str) -> None:
    stage = Stage(page, f'composition="{composition}"')
    stage.open("高")
    stage.press("ArrowDown")
    method = stage.method()
    shown = stage.texts()
    compose(method, "x", "xu", "xue")
    stage.press("ArrowDown", "Enter")
    stage.quiet()
    assert (stage.prompts, stage.texts(), stage.active) == (["高"], shown, 0)
    assert stage.told("pg-accept") == []


def test_what_was_asked_is_given_up_when_a_composition_begins(page: Page) -> None:
    stage = Stage(page)
    stage.is_holding = True
    stage.type("高")
    stage.quiet()
    method = stage.method()
    compose(method, "x")
    stage.quiet()
    for route in stage.held:
        route.abort()
    stage.is_holding = False
    commit(method, "血")
    expect(stage.options).to_have_count(3)
    assert stage.prompts == ["高", "高血"]


def test_a_composition_that_is_given_up_asks_for_what_was_there(page: Page) -> None:
    stage = Stage(page)
    stage.is_holding = True
    stage.type("高")
    stage.quiet()
    method = stage.method()
    compose(method, "x")
    stage.quiet()
    stage.is_holding = False
    compose(method, "")
    stage.quiet()
    assert stage.prompts == ["高", "高"]


def test_committed_completes_what_stands_before_the_composition(page: Page) -> None:
    stage = Stage(page, 'composition="committed"')
    method = stage.method()
    commit(method, "高血压")
    expect(stage.options).to_have_count(3)
    stage.press("Escape")
    compose(method, "y", "ya")
    expect(stage.options).to_have_count(3)
    assert stage.prompts == ["高血压", "高血压"]
    assert stage.value == "高血压ya"
    stage.options.nth(1).click()
    assert stage.value == LINES[1]  # in place of the letters of the method
    expect(stage.field).to_be_focused()
    stage.quiet()
    assert len(stage.prompts) == 2


def test_a_row_can_be_accepted_while_a_live_composition_is_open(page: Page) -> None:
    stage = Stage(page, script="latin", lines=ENGLISH)
    compose(stage.method(), "hel")
    expect(stage.options).to_have_count(3)
    stage.options.nth(1).click()
    assert stage.value == ENGLISH[1]
    stage.quiet()
    assert stage.prompts == ["hel"]
    stage.type("!")
    assert stage.value == f"{ENGLISH[1]}!"


@pytest.mark.parametrize("pause", [0, 15])
@pytest.mark.parametrize("browser_name", TRACES)
def test_one_request_in_whatever_order_events_come(
    page: Page, browser_name: str, pause: int
) -> None:
    stage = Stage(page, script="cjk", lines=ENGLISH)
    play(stage, browser_name, pause)
    assert stage.prompts == ["hel"]
    assert page.evaluate("submitted") == []
    assert stage.value == "hel"


@pytest.mark.parametrize("browser_name", TRACES)
def test_the_enter_that_commits_neither_accepts_nor_submits(page: Page, browser_name: str) -> None:
    stage = Stage(page, script="latin", lines=("", *ENGLISH))
    stage.open("h")
    stage.press("ArrowDown")
    stage.field.evaluate("(field) => { field.value = ''; }")
    page.evaluate("prevented.length = 0")  # of the arrow key
    play(stage, browser_name, 15)
    assert stage.value == "hel"
    assert (stage.told("pg-accept"), page.evaluate("submitted")) == ([], [])
    enters = [event for event in TRACES[browser_name] if event[2].get("key") == "Enter"]
    if enters:  # nothing that is left of it may submit
        assert page.evaluate("prevented").count(True) >= len(enters)


def test_gboard_is_live_typing_where_the_corpus_is_latin(page: Page) -> None:
    stage = Stage(page, script="latin", lines=ENGLISH)
    play(stage, "gboard", 15)
    assert stage.prompts == ["h", "he", "hel"]


@pytest.mark.parametrize(
    "key", ["Enter", "ArrowDown", "ArrowUp", "Escape", "Tab", " ", "ArrowRight"]
)
@pytest.mark.parametrize("facts", [{"isComposing": True}, {"keyCode": 229}])
def test_keys_of_the_input_method_do_nothing(page: Page, key: str, facts: dict[str, Any]) -> None:
    stage = Stage(page, "inline accept-on-tab")
    stage.open("高血压")
    stage.press("ArrowDown")
    page.evaluate(PLAY, [[("keydown", "高血压", {"key": key, **facts})], 0])
    assert (stage.value, stage.options.count(), stage.active) == ("高血压", 3, 0)
    assert page.evaluate("submitted") == []


def test_inline_text_is_not_drawn_over_a_composition(page: Page) -> None:
    stage = Stage(page, "inline")
    stage.open("高血压")
    assert stage.inline != ""
    compose(stage.method(), "y")
    stage.quiet()
    assert stage.inline == ""
