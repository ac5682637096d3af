"""The page in a real browser: type, pick, submit; input methods; late answers."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1100, "height": 760})
    wrong: list[str] = []
    opened.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    opened.on("pageerror", lambda e: wrong.append(str(e)))
    opened.goto(address)
    expect(opened.locator("#chips button").first).to_be_visible()
    yield opened
    assert wrong == []
    opened.close()


def options(page: Page):
    return page.get_by_role("option")


def requests_of(page: Page) -> list[str]:
    """The prompts of all requests from now on."""
    prompts: list[str] = []

    def note(request) -> None:
        if request.url.endswith("/v1/complete"):
            prompts.append(request.post_data_json["prompt"])

    page.on("request", note)
    return prompts


def test_type_pick_and_submit(page: Page) -> None:
    field = page.get_by_role("combobox")
    field.press_sequentially("高血压")
    expect(options(page).first).to_be_visible()
    for text in options(page).all_text_contents():
        assert text.startswith("高血压")
    assert field.get_attribute("aria-expanded") == "true"
    if where := os.environ.get("PROMPT_GEN_SCREENSHOT"):
        page.screenshot(path=where)

    field.press("ArrowDown")
    active = page.locator("[aria-selected=true]")
    expect(active).to_have_count(1)
    assert field.get_attribute("aria-activedescendant") == active.get_attribute("id")
    chosen = active.text_content()
    field.press("Enter")  # accepts, and does not submit
    expect(field).to_have_value(chosen or "")
    expect(field).to_be_focused()
    expect(page.locator("#submitted li")).to_have_count(0)
    field.press("Enter")
    expect(page.locator("#submitted li")).to_have_text([chosen or ""])
    expect(field).to_have_value("")


def test_a_click_accepts_too(page: Page) -> None:
    field = page.get_by_role("combobox")
    field.press_sequentially("糖尿病")
    options(page).nth(0).click()
    assert len(field.input_value()) > len("糖尿病")
    expect(field).to_be_focused()
    expect(options(page)).to_have_count(0)


def test_escape_closes_and_keeps_the_text(page: Page) -> None:
    field = page.get_by_role("combobox")
    field.press_sequentially("孩子")
    expect(options(page).first).to_be_visible()
    field.press("Escape")
    expect(options(page)).to_have_count(0)
    expect(field).to_have_value("孩子")
    assert field.get_attribute("aria-expanded") == "false"


def test_half_typed_pinyin_is_not_sent(page: Page) -> None:
    """Real composition events, as an input method makes them."""
    prompts = requests_of(page)
    page.get_by_role("combobox").focus()
    method = page.context.new_cdp_session(page)
    for typed in ("g", "ga", "gan", "gan m", "gan mao"):
        method.send(
            "Input.imeSetComposition",
            {"text": typed, "selectionStart": len(typed), "selectionEnd": len(typed)},
        )
        page.wait_for_timeout(60)
    assert prompts == []
    method.send("Input.insertText", {"text": "感冒"})
    expect(options(page).first).to_be_visible()
    assert prompts == ["感冒"]
    assert all(text.startswith("感冒") for text in options(page).all_text_contents())


def test_a_late_answer_is_not_shown(page: Page) -> None:
    held = []

    def hold(route) -> None:
        if route.request.post_data_json["prompt"] == "感":
            held.append(route)  # answered below, after a newer one
        else:
            route.continue_()

    page.route("**/v1/complete", hold)
    field = page.get_by_role("combobox")
    field.press_sequentially("感")
    page.wait_for_timeout(150)
    field.press_sequentially("冒")
    expect(options(page).first).to_be_visible()
    shown = options(page).all_text_contents()
    stale = {"text": "感谢", "completion": "谢", "score": 1, "finish_reason": "eos", "source": "m"}
    for route in held:
        route.fulfill(json={"candidates": [stale], "prompt": "感", "seq": 1, "timing": {}})
    page.wait_for_timeout(200)
    assert options(page).all_text_contents() == shown
    assert all(text.startswith("感冒") for text in shown)


def test_html_in_a_candidate_stays_text(page: Page) -> None:
    evil = "高<img src=x onerror=alert(1)>"
    answer = {
        "text": evil,
        "completion": evil[1:],
        "score": 1,
        "finish_reason": "eos",
        "source": "",
    }
    page.route(
        "**/v1/complete",
        lambda route: route.fulfill(json={"candidates": [answer], "timing": {"total_ms": 1}}),
    )
    page.get_by_role("combobox").press_sequentially("高")
    expect(options(page).first).to_have_text(evil)
    assert page.locator("img").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone(browser: Browser, address: str, scheme: str) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 740}, color_scheme=scheme)
    page.goto(address)
    page.get_by_role("combobox").press_sequentially("高血压")
    expect(options(page).first).to_be_visible()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360
    page.close()


def test_the_api_page_shows_every_route(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/docs")
    documented = page.request.get(f"{address}/openapi.json").json()["paths"]
    for route in (f"{method.upper()} {path}" for path in documented for method in documented[path]):
        expect(page.get_by_role("heading", name=route, exact=True)).to_be_visible()
    expect(page.get_by_role("cell", name="max_chars").first).to_be_visible()
    page.close()
