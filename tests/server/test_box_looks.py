"""How the box looks: what is marked and how, light and dark, motion, inline text in its place."""

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.server.stage import LINES, Stage

pytestmark = pytest.mark.browser
FIELDS = [
    '<input id="note">',
    '<input id="note" class="big">',
    '<textarea id="note" cols="60"></textarea>',
    '<textarea id="note" cols="60" class="big"></textarea>',
]


def style(where: Locator, name: str, part: str | None = None) -> str:
    return where.evaluate("(n, [p, s]) => getComputedStyle(n, p).getPropertyValue(s)", [part, name])


def test_what_is_completed_is_bold_and_what_was_typed_is_not(page: Page) -> None:
    stage = Stage(page)
    stage.open("高血压")
    row = stage.options.first
    assert row.locator(".pg-typed").text_content() == "高血压"
    assert row.locator(".pg-rest").text_content() == LINES[0][3:]
    assert style(row.locator(".pg-typed"), "font-weight") == "400"
    assert style(row.locator(".pg-rest"), "font-weight") == "700"


def test_the_active_row_is_marked_not_by_colour_alone(page: Page) -> None:
    stage = Stage(page)
    stage.open("高血压")
    stage.press("ArrowDown")
    active, other = stage.options.nth(0), stage.options.nth(1)
    assert style(active, "outline-style") == "solid"
    assert style(other, "outline-style") == "none"
    assert style(active, "inline-size", "::before") == "3px"  # a bar at its edge
    page.emulate_media(forced_colors="active")
    assert style(active, "outline-width") == "2px"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_follows_the_colour_scheme_of_the_page(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    stage = Stage(page)
    stage.open("高血压")
    paper = {"light": "rgb(255, 255, 255)", "dark": "rgb(29, 35, 33)"}[scheme]
    assert style(page.locator("[role=listbox]"), "background-color") == paper


@pytest.mark.parametrize(("motion", "name"), [("no-preference", "pg-appear"), ("reduce", "none")])
def test_nothing_moves_where_that_is_not_wanted(page: Page, motion: str, name: str) -> None:
    page.emulate_media(reduced_motion=motion)
    stage = Stage(page)
    stage.open("高血压")
    assert style(page.locator("[role=listbox]"), "animation-name") == name
    page.locator("prompt-gen").evaluate("(node) => node.classList.add('pg-stalled')")
    waits = style(page.locator("prompt-gen"), "animation-name", "::before")
    assert waits == ("pg-wait" if name != "none" else "none")


def test_colours_and_sizes_can_be_set_from_outside(page: Page) -> None:
    stage = Stage(page)
    for name, value in (("--pg-surface", "red"), ("--pg-row", "60px")):
        set_it = "(node, [name, value]) => node.style.setProperty(name, value)"
        page.locator("prompt-gen").evaluate(set_it, [name, value])
    stage.open("高血压")
    assert style(page.locator("[role=listbox]"), "background-color") == "rgb(255, 0, 0)"
    assert stage.options.first.bounding_box()["height"] == 60


def test_a_long_beginning_gives_way_to_what_is_completed(page: Page) -> None:
    typed = "这是一个很长很长的开头，" * 12
    stage = Stage(page, lines=(typed + "最后才是续写的部分",))
    stage.field.fill(typed)
    expect(stage.options.first).to_be_visible()
    row = stage.options.first.bounding_box()
    rest = stage.options.first.locator(".pg-rest").bounding_box()
    assert rest["x"] + rest["width"] <= row["x"] + row["width"]
    assert row["height"] < 60


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("typed", ["高血压", "blood pressure of the "])
def test_inline_text_begins_where_the_caret_stands(page: Page, field: str, typed: str) -> None:
    stage = Stage(page, "inline", field=field, lines=(typed + "病人要注意饮食",))
    stage.field.evaluate(
        """(node) => { if (node.className) Object.assign(node.style,
        { font: 'italic 700 27px serif', padding: '11px 23px', border: '5px solid',
          letterSpacing: '2px', width: '600px' }); }"""
    )
    stage.open(typed)
    place = stage.field.evaluate(
        """(field) => {
          const pen = document.createElement('canvas').getContext('2d');
          const style = getComputedStyle(field);
          [pen.font, pen.letterSpacing] = [style.font, style.letterSpacing];
          const box = field.getBoundingClientRect();
          const left = parseFloat(style.borderLeftWidth) + parseFloat(style.paddingLeft);
          const top = parseFloat(style.borderTopWidth) + parseFloat(style.paddingTop);
          return { x: box.left + left + pen.measureText(field.value).width, top: box.top + top,
                   middle: (box.top + box.bottom) / 2 };
        }"""
    )
    ghost = page.locator(".pg-ghost-rest").bounding_box()
    assert ghost["x"] == pytest.approx(place["x"], abs=1)
    if "textarea" in field:
        assert place["top"] - 2 <= ghost["y"] <= place["top"] + 8
    else:
        assert ghost["y"] + ghost["height"] / 2 == pytest.approx(place["middle"], abs=1.5)


def test_inline_text_is_there_only_behind_the_end(page: Page) -> None:
    stage = Stage(page, "inline", field='<textarea id="note"></textarea>')
    stage.field.fill("高血压\n后面")
    stage.press("ArrowUp", "End")
    stage.type("要")
    expect(stage.options).to_have_count(2)
    assert stage.inline == ""
    stage.press("Control+End", "Enter")
    stage.open("高血压")
    assert stage.inline == LINES[0][3:]


def test_it_works_beside_other_boxes_of_a_page(browser: Browser) -> None:
    page = browser.new_page()
    second = '<input id="note"><input id="other"><prompt-gen for="other"></prompt-gen>'
    stage = Stage(page, field=second)
    stage.open("高血压")
    page.locator("#other").fill("高")
    expect(stage.options).to_have_count(4)  # of the second; the first has closed
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((node) => node.id)")
    assert len(ids) == len(set(ids))
    page.close()
