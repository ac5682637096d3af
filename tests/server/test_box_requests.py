"""What is asked and when, which answers count, and what is done to the text."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.server.conftest import wait_for
from tests.server.stage import LINES, Stage, candidate

pytestmark = pytest.mark.browser


def later(page: Page, attributes: str = "", **how: str) -> Stage:
    """A stage whose clock stands still."""
    page.clock.install()
    stage = Stage(page, attributes, **how)
    page.clock.pause_at(page.evaluate("Date.now()") + 1000)
    return stage


def test_the_list_shrinks_at_once_and_is_asked_for_again(page: Page) -> None:
    stage = Stage(page)
    stage.open("高血压")
    stage.is_holding = True
    stage.type("要")
    assert stage.texts() == list(LINES[:2])  # no answer has come
    stage.quiet()
    assert stage.prompts[-2:] == ["高血压", "高血压要"]


def test_the_list_is_never_blank_while_an_answer_is_awaited(page: Page) -> None:
    stage = Stage(page)
    stage.open("高血压")
    stage.is_holding = True
    stage.type("吃")
    assert stage.texts() == list(LINES[:3])  # none goes on from the text: kept, and inert
    stage.press("ArrowDown")
    assert stage.active == -1
    stage.options.first.click()
    assert stage.value == "高血压吃"
    for route in stage.held:
        stage.fulfil(route)
    expect(stage.options).to_have_count(0)


def test_what_is_asked_says_all_that_the_server_wants(page: Page) -> None:
    stage = Stage(page, 'n="3" max-chars="12"')
    stage.open("高")
    stage.open("血")
    first, second = stage.asked
    session = first.pop("session")
    assert first == {"prompt": "高", "n": 3, "max_chars": 12, "deadline_ms": 500, "seq": 1}
    assert (second["session"], second["seq"]) == (session, 2)
    assert 16 <= len(session) <= 64


def test_a_stale_answer_is_not_shown(page: Page) -> None:
    stage = Stage(page)
    stage.is_holding = True
    stage.type("高")
    stage.quiet()
    stage.is_holding = False
    stage.open("血")
    shown = stage.texts()
    for route in stage.held:
        route.fulfill(json=stage.reply({**stage.asked[0], "seq": 9}, [candidate("高兴", "高")]))
    stage.quiet()
    assert stage.texts() == shown
    assert [told["prompt"] for told in stage.told("pg-suggest")] == ["高血"]


def test_an_answer_to_another_number_is_not_shown(page: Page) -> None:
    stage = Stage(page)
    stage.answer = lambda body: stage.known(body) | {"seq": body["seq"] - 1}
    stage.type("高血压")
    stage.quiet()
    assert stage.options.count() == 0


def test_late_rows_come_below_the_active_one(page: Page) -> None:
    stage = Stage(page)
    stage.open("高血压")
    stage.is_holding = True
    stage.type("要")
    stage.quiet()
    stage.press("ArrowDown", "ArrowDown")  # before the answer has come
    late = ("高血压要紧吗", LINES[1], LINES[0], "高血压要命")
    stage.answer = lambda b: stage.reply(b, [candidate(text, b["prompt"]) for text in late])
    stage.fulfil(stage.held[-1])
    expect(stage.options).to_have_count(4)
    assert stage.texts() == [LINES[0], LINES[1], late[0], late[3]]
    assert stage.active == 1


@pytest.mark.parametrize("leave", ["Escape", "Tab", "Enter", "blur", "accept"])
def test_nothing_opens_the_list_again_behind_leaving(page: Page, leave: str) -> None:
    stage = Stage(page)
    stage.open("高血压")
    stage.is_holding = True
    if leave != "accept":
        stage.type("要")
        stage.quiet()
    if leave == "accept":
        stage.press("ArrowDown", "Enter")
    elif leave == "blur":
        page.locator("#after").focus()
    else:
        stage.press(leave)
    stage.quiet()
    for route in stage.held:
        stage.fulfil(route)
    stage.quiet()
    assert stage.options.count() == 0
    assert stage.field.get_attribute("aria-expanded") == "false"


def test_deleting_asks_after_a_rest_only(page: Page) -> None:
    stage = later(page)
    stage.type("高血压")
    page.clock.run_for(50)
    stage.press("Backspace")
    page.clock.run_for(290)
    assert stage.prompts == ["高", "高血", "高血压"]
    page.clock.run_for(20)
    wait_for(lambda: page.evaluate("told.at(-1)?.[1].prompt") == "高血")
    assert stage.prompts == ["高", "高血", "高血压", "高血"]


def test_a_key_behind_deleting_asks_at_once(page: Page) -> None:
    stage = later(page)
    stage.type("高血压")
    page.clock.run_for(50)
    stage.press("Backspace")
    stage.type("糖")
    wait_for(lambda: page.evaluate("told.at(-1)?.[1].prompt") == "高血糖")
    assert stage.prompts == ["高", "高血", "高血压", "高血糖"]


def test_no_debounce_while_answers_are_fast_and_the_writers_pace_when_not(page: Page) -> None:
    stage = Stage(page)
    delays = page.evaluate(
        """async () => {
          const { Pace } = await import('/static/box/pace.js');
          const write = (gap, trip) => {
            const pace = new Pace();
            for (let i = 0; i < 9; i += 1) { pace.typed(i * gap); pace.answered(trip); }
            return [pace.delay('insertText', -1), pace.delay('insertText', 40), pace.delay('deleteContent', 40)];
          };
          return [write(100, 50), write(100, 200), write(10, 200), write(900, 200), new Pace().delay('x', -1)];
        }"""  # noqa: E501
    )
    assert delays == [[0, 40, 300], [120, 40, 300], [60, 40, 300], [350, 40, 300], 0]
    assert stage.prompts == []


@pytest.mark.parametrize(("behind", "is_asked"), [("12345678", True), ("123456789", False)])
def test_inside_a_text_only_a_hand_asks(page: Page, behind: str, is_asked: bool) -> None:
    stage = Stage(page, field=f'<input id="note" value="{behind}">')
    stage.press("Home")
    stage.type("高血压")
    stage.quiet()
    assert stage.prompts == (["高", "高血", "高血压"] if is_asked else [])
    stage.press("Alt+Backslash")
    expect(stage.options).to_have_count(3)
    stage.press("ArrowDown", "Enter")
    assert stage.value == LINES[0] + behind


def test_the_unsure_is_not_shown(page: Page) -> None:
    stage = Stage(page, 'min-score="0.3"')
    both = [candidate(LINES[0], "高血压", score=0.3), candidate(LINES[1], "高血压", score=0.29)]
    stage.answer = lambda body: stage.reply(body, both)
    stage.open("高血压")
    assert stage.texts() == [LINES[0]]


@pytest.mark.parametrize(("wanted", "n"), [("", 5), ('n="10"', 10), ('n="50"', 10), ('n="0"', 1)])
def test_how_many_rows(page: Page, wanted: str, n: int) -> None:
    stage = Stage(page, wanted, lines=tuple(f"高血压{i:02}" for i in range(30)))
    stage.open("高血压")
    assert stage.options.count() == n
    heights = "(list) => [list.scrollHeight, list.clientHeight]"
    scroll, client = page.locator("[role=listbox]").evaluate(heights)
    assert scroll <= client  # nothing scrolls inside


def test_equal_candidates_are_one_row(page: Page) -> None:
    stage = Stage(page)
    stage.answer = lambda b: stage.reply(b, [candidate(LINES[0], b["prompt"])] * 3)
    stage.open("高血压")
    assert stage.texts() == [LINES[0]]


FIDELITY = [
    ("e\u0301t", "\u00e9t\u00e9 chaud", "\u00e9 chaud"),  # typed apart, answered composed
    (" 高血压 ", " 高血压 要注意", "要注意"),
    ("A\u00a0b", "A\u00a0b c", " c"),
    ("👩‍⚕️说", "👩‍⚕️说：休息", "：休息"),
]


@pytest.mark.parametrize(("typed", "text", "rest"), FIDELITY)
def test_exactly_the_rest_is_inserted(page: Page, typed: str, text: str, rest: str) -> None:
    stage = Stage(page)
    stage.answer = lambda body: stage.reply(body, [candidate(text, typed)])
    stage.open(typed)
    assert stage.prompts[-1] == typed  # neither trimmed nor composed
    stage.press("ArrowDown", "Enter")
    assert stage.value == typed + rest


def test_a_candidate_that_does_not_go_on_is_not_shown(page: Page) -> None:
    stage = Stage(page)
    wrong = [candidate("别的", ""), candidate("高血压", "高血压"), {"text": None}, {}]
    stage.answer = lambda body: stage.reply(body, wrong)
    stage.type("高血压")
    stage.quiet()
    assert stage.options.count() == 0


def test_accepting_can_be_undone_by_the_browser(page: Page) -> None:
    stage = Stage(page)
    stage.open("高血压")
    stage.press("ArrowDown", "Enter")
    stage.press("Control+z")
    assert stage.value == "高血压"


def test_accepting_tells_and_is_an_input_event_like_any_other(page: Page) -> None:
    stage = Stage(page)
    listen = "(field) => field.addEventListener('input', (e) => { window.last = e.inputType; })"
    stage.field.evaluate(listen)
    stage.open("高血压")
    stage.press("ArrowDown", "Enter")
    (told,) = stage.told("pg-accept")
    assert (told["candidate"]["text"], told["index"], told["text"]) == (LINES[0], 0, LINES[0][3:])
    assert page.evaluate("last") == "insertText"


def test_a_text_area_asks_for_the_line_of_the_caret(page: Page) -> None:
    stage = Stage(page, field='<textarea id="note"></textarea>')
    stage.field.fill("第一行\n\n第三行")
    stage.press("ArrowUp")
    stage.open("高血压")
    assert stage.prompts[-1] == "高血压"
    stage.press("ArrowDown", "Enter")
    assert stage.value == f"第一行\n{LINES[0]}\n第三行"


def test_a_slow_answer_is_seen_to_be_awaited(page: Page) -> None:
    stage = later(page)
    stage.is_holding = True
    stage.type("高血压")
    page.clock.run_for(290)
    expect(page.locator(".pg-stalled")).to_have_count(0)
    page.clock.run_for(20)
    expect(page.locator(".pg-stalled")).to_have_count(1)
    assert page.locator("[role=listbox]").get_attribute("aria-busy") == "true"
    for route in stage.held:
        stage.fulfil(route)
    expect(page.locator(".pg-stalled")).to_have_count(0)


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", "The model is loading; this will go on by itself…"),
        ("zh", "模型加载中，好了会自动继续…"),
    ],
)
def test_while_the_model_loads_it_says_so_and_goes_on_by_itself(
    page: Page, lang: str, said: str
) -> None:
    stage = Stage(page, lang=lang, models_status=503)
    expect(page.get_by_role("status")).to_have_text(said)
    stage.type("高血压")
    stage.quiet()
    assert stage.prompts == []
    stage.models_status = 200
    expect(stage.options).to_have_count(3)
    assert page.get_by_role("status").get_attribute("data-kind") is None


def test_too_much_to_do_is_not_called_loading(page: Page) -> None:
    stage = Stage(page)
    stage.status = 503
    stage.type("高血压")
    stage.quiet()
    stage.status = 200
    expect(stage.options).to_have_count(3)
    assert page.get_by_role("status").get_attribute("data-kind") is None
    assert stage.prompts[-1] == "高血压"


def test_an_unreachable_service_is_looked_for(page: Page) -> None:
    stage = Stage(page)
    stage.is_holding = True
    stage.type("高血压")
    stage.quiet()
    stage.is_holding = False
    for route in stage.held:
        route.abort()
    expect(page.get_by_role("status")).to_have_text("Cannot reach the service; trying again…")
    expect(stage.options).to_have_count(3)


def test_an_error_is_shown_and_the_next_key_asks_again(page: Page) -> None:
    stage = Stage(page)
    stage.status = 413
    stage.type("高血压")
    expect(page.get_by_role("status")).to_have_text("No suggestions for now: no")
    stage.status = 200
    stage.open("要")
    expect(page.get_by_role("status")).to_have_text("2 suggestions")


def test_a_key_goes_into_a_header_only(page: Page) -> None:
    stage = Stage(page, models_status=401)
    expect(page.get_by_role("status")).to_have_text("This service asks for a key")
    stage.type("高血压")
    stage.quiet()
    assert stage.asked == []
    stage.models_status = 200
    page.evaluate("document.querySelector('prompt-gen').key = 'secret-1'")
    expect(stage.options).to_have_count(3)
    assert stage.headers[-1]["authorization"] == "Bearer secret-1"
    assert "secret-1" not in json.dumps([stage.asked, stage.urls])
    assert "secret-1" not in page.content()
