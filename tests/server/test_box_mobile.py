"""The box on a phone: fingers, keyboards on the screen."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.server.stage import LINES, Stage

pytestmark = pytest.mark.browser


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    size = {"width": 390, "height": 664}
    context = browser.new_context(viewport=size, has_touch=True, is_mobile=True)
    page = context.new_page()
    yield page
    context.close()


def shrink(page: Page, height: int) -> None:
    """A keyboard covers the page below so many pixels."""
    page.evaluate(
        """(height) => {
          Object.defineProperty(visualViewport, 'height', { configurable: true, value: height });
          visualViewport.dispatchEvent(new Event('resize'));
        }""",
        height,
    )


def test_rows_are_as_high_as_a_finger(phone: Page) -> None:
    stage = Stage(phone)
    stage.open("高血压")
    heights = [row.bounding_box()["height"] for row in stage.options.all()]
    assert min(heights) >= 44


def test_a_tap_accepts_and_the_keyboard_stays(phone: Page) -> None:
    stage = Stage(phone)
    stage.open("高血压")
    stage.field.evaluate("(field) => field.addEventListener('blur', () => told.push(['blur']))")
    stage.options.nth(1).tap()
    assert stage.value == LINES[1]
    expect(stage.field).to_be_focused()
    assert ["blur"] not in phone.evaluate("told")
    expect(stage.options).to_have_count(0)


@pytest.mark.parametrize(("height", "n"), [(664, 5), (330, 4), (250, 2), (60, 2)])
def test_only_rows_above_the_keyboard_are_shown(phone: Page, height: int, n: int) -> None:
    stage = Stage(phone, lines=tuple(f"高血压{n}" for n in "一二三四五六"))
    stage.open("高血压")
    shrink(phone, height)
    expect(stage.options).to_have_count(n)
    last = stage.options.last.bounding_box()
    assert n == 2 or last["y"] + last["height"] <= height
    shrink(phone, 664)
    expect(stage.options).to_have_count(5)


def test_a_hidden_row_is_never_active(phone: Page) -> None:
    stage = Stage(phone, lines=tuple(f"高血压{n}" for n in "一二三四五"))
    stage.open("高血压")
    stage.press("ArrowUp")
    assert stage.active == 4
    shrink(phone, 250)
    expect(stage.options).to_have_count(2)
    assert stage.active == -1
    assert stage.field.get_attribute("aria-activedescendant") is None
    stage.press("ArrowDown", "ArrowDown", "ArrowDown")
    assert stage.active == -1  # behind the last row that is seen comes the field


def test_done_keeps_the_list_until_a_tap_elsewhere(phone: Page) -> None:
    stage = Stage(phone)
    stage.open("高血压")
    stage.field.evaluate("(field) => field.blur()")  # as the key "Done" of a keyboard does
    stage.quiet()
    assert stage.options.count() == 3
    stage.options.first.tap()
    assert stage.value == LINES[0]
    stage.field.fill("")
    stage.open("高血压")
    stage.field.evaluate("(field) => field.blur()")
    phone.locator("h1").tap()
    expect(stage.options).to_have_count(0)


def test_going_on_to_another_field_closes_the_list(phone: Page) -> None:
    stage = Stage(phone)
    stage.open("高血压")
    phone.locator("#after").focus()
    expect(stage.options).to_have_count(0)


def test_in_a_text_area_the_list_is_below_the_line(phone: Page) -> None:
    stage = Stage(phone, field='<textarea id="note" rows="9"></textarea>')
    tops = []
    for _ in range(3):
        stage.open("高血压")
        tops.append(phone.locator("[role=listbox]").bounding_box()["y"])
        stage.press("Escape", "Enter")
    assert tops[0] < tops[1] < tops[2]
    field = stage.field.bounding_box()
    assert field["y"] < tops[0] < field["y"] + field["height"] / 2
