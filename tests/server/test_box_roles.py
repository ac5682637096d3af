"""What assistive technology is told of the box: roles, properties, the live region."""

import pytest
from playwright.sync_api import Page, expect

from tests.server.stage import Stage

pytestmark = pytest.mark.browser
COMBOBOX = {"role": "combobox", "aria-expanded": "false", "enterkeyhint": "send"}
# HTML allows a text area no role but its own, of which `aria-expanded` is no property.
TEXT_AREA = {
    "aria-haspopup": "listbox",
    "role": None,
    "aria-expanded": None,
    "enterkeyhint": "enter",
}
FIELDS = [('<input id="note">', COMBOBOX), ('<textarea id="note"></textarea>', TEXT_AREA)]


@pytest.mark.parametrize(("field", "own"), FIELDS)
def test_the_field_says_that_it_has_a_list(page: Page, field: str, own: dict[str, str]) -> None:
    stage = Stage(page, field=field)
    listbox = page.locator("[role=listbox]")
    expected = own | {
        "aria-autocomplete": "list",
        "aria-controls": listbox.get_attribute("id"),
        "aria-activedescendant": None,
        "aria-owns": None,
        "autocomplete": "off",
        "autocorrect": "off",
        "autocapitalize": "off",
        "spellcheck": "false",
    }
    assert {name: stage.field.get_attribute(name) for name in expected} == expected
    expect(listbox).to_be_hidden()
    assert listbox.get_attribute("aria-label") == "Suggestions"
    stage.open()
    stage.press("ArrowDown")
    named = stage.options.first.get_attribute("id")
    assert stage.field.get_attribute("aria-activedescendant") == named


def test_inline_text_is_announced_as_a_kind_of_completion(page: Page) -> None:
    assert Stage(page, "inline").field.get_attribute("aria-autocomplete") == "both"


def test_expanded_is_true_only_while_the_list_is_seen(page: Page) -> None:
    stage = Stage(page)
    stage.open()
    assert stage.field.get_attribute("aria-expanded") == "true"
    expect(page.get_by_role("listbox", name="Suggestions")).to_be_visible()
    stage.press("Escape")
    assert stage.field.get_attribute("aria-expanded") == "false"
    expect(page.locator("[role=listbox]")).to_be_hidden()


def test_no_row_is_active_before_one_is_chosen(page: Page) -> None:
    stage = Stage(page)
    stage.open()
    assert stage.active == -1
    assert stage.field.get_attribute("aria-activedescendant") is None
    assert {row.get_attribute("aria-selected") for row in stage.options.all()} == {"false"}


def test_the_active_row_is_named_and_the_focus_stays_in_the_field(page: Page) -> None:
    stage = Stage(page)
    stage.open()
    for row in range(3):
        stage.press("ArrowDown")
        named = stage.field.get_attribute("aria-activedescendant")
        assert named == stage.options.nth(row).get_attribute("id")
        assert stage.active == row
        expect(stage.field).to_be_focused()
    stage.press("ArrowDown")
    assert stage.field.get_attribute("aria-activedescendant") is None


def test_ids_of_options_are_stable_and_all_are_in_the_document(page: Page) -> None:
    stage = Stage(page)
    stage.open("高血")
    ids = {row.text_content(): row.get_attribute("id") for row in stage.options.all()}
    stage.open("压")
    after = {row.text_content(): row.get_attribute("id") for row in stage.options.all()}
    assert after == ids
    assert len(set(ids.values())) == len(ids) == 3
    assert page.locator("[role=option]").count() == 3  # no virtual list


def test_field_and_list_are_in_one_root(page: Page) -> None:
    Stage(page)
    roots = "(node) => node.getRootNode() === document"
    for where in ("#note", "[role=listbox]"):
        assert page.locator(where).evaluate(roots)
    assert page.evaluate("document.querySelector('prompt-gen').shadowRoot") is None


@pytest.mark.parametrize(
    ("lang", "three", "one", "none", "name"),
    [
        ("en", "3 suggestions", "1 suggestion", "No suggestions", "Suggestions"),
        ("zh-CN", "3 条建议", "1 条建议", "没有建议", "续写建议"),
    ],
)
def test_the_status_line_counts(
    page: Page, lang: str, three: str, one: str, none: str, name: str
) -> None:
    stage = Stage(page, lang=lang)
    status = page.get_by_role("status")
    stage.open()
    expect(status).to_have_text(three)
    assert status.bounding_box()["width"] <= 1  # for screen readers only
    expect(page.get_by_role("listbox", name=name)).to_be_visible()
    stage.type("患")
    expect(status).to_have_text(one)
    stage.type("儿")
    expect(status).to_have_text(none)


def test_the_status_line_waits_until_typing_rests(page: Page) -> None:
    stage = Stage(page)
    page.locator(".pg-status").evaluate(
        """(node) => { window.said = []; new MutationObserver(() => said.push(node.textContent))
        .observe(node, { childList: true, characterData: true, subtree: true }); }"""
    )
    stage.open("高血")
    stage.open("压患")
    expect(page.get_by_role("status")).to_have_text("1 suggestion")
    assert [text for text in page.evaluate("said") if text] == ["1 suggestion"]


def test_safari_is_told_the_active_row_by_the_status_line(page: Page) -> None:
    page.add_init_script(
        "Object.defineProperty(navigator, 'userAgent', { get: () => "
        "'Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15' })"
    )
    stage = Stage(page)
    stage.open()
    stage.press("ArrowDown")
    expect(page.get_by_role("status")).to_have_text("高血压要注意饮食。")


def test_inline_text_is_hidden_from_screen_readers(page: Page) -> None:
    stage = Stage(page, "inline")
    stage.open()
    assert stage.inline == "要注意饮食。"
    assert page.locator(".pg-ghost").get_attribute("aria-hidden") == "true"
    assert "要注意饮食。" in stage.texts()[0]  # the list says it, too


def test_a_removed_element_leaves_the_field_as_it_was(page: Page) -> None:
    own = '<input id="note" spellcheck="true" enterkeyhint="search" autocapitalize="words">'
    stage = Stage(page, field=own)
    assert stage.field.get_attribute("enterkeyhint") == "search"
    stage.open()
    stage.press("ArrowDown")
    page.evaluate("document.querySelector('prompt-gen').remove()")
    names = "(node) => Object.fromEntries([...node.attributes].map((a) => [a.name, a.value]))"
    assert stage.field.evaluate(names) == {
        "id": "note", "spellcheck": "true", "enterkeyhint": "search", "autocapitalize": "words",
    }  # fmt: skip
    stage.type("高")
    stage.quiet()
    assert stage.prompts[-1] != "高血压高"


def test_every_attribute_is_a_property(page: Page) -> None:
    Stage(page, 'n="3" accept-on-tab="false" off-record')
    box = "document.querySelector('prompt-gen')"
    assert page.evaluate(f"[{box}.n, {box}.acceptOnTab, {box}.offRecord]") == ["3", False, True]
    page.evaluate(f"Object.assign({box}, {{ maxChars: 9, inline: true, minScore: null }})")
    assert page.evaluate(f"{box}.outerHTML").startswith(
        '<prompt-gen for="note" n="3" accept-on-tab="false" off-record="" max-chars="9" inline="">'
    )
