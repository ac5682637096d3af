"""The demo page before a real model: search, write, live numbers, the card, why, two languages."""

import re
from collections.abc import Callable, Iterator

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.browser
Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Open]:
    """Opens the page of the server; nothing may go wrong on it."""
    wrong: list[str] = []
    contexts = []

    def opened(path: str = "/", locale: str = "en-US", **how) -> Page:
        size = {"width": 1100, "height": 800}
        context = browser.new_context(**{"viewport": size, "locale": locale, **how})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(address + path)
        if path == "/":
            expect(page.locator(".chip").first).to_be_visible()
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def demo(open_page: Open) -> Page:
    return open_page()


def options(page: Page):
    return page.get_by_role("option")


def number(page: Page, where: str) -> float:
    return float(page.locator(where).text_content() or "nan")


def test_write_a_note(demo: Page) -> None:
    demo.get_by_role("tab", name="Note").click()
    note = demo.get_by_role("textbox", name="Note")
    expect(note).to_be_focused()
    note.press_sequentially("高血压")
    expect(options(demo).first).to_be_visible()
    texts = options(demo).all_text_contents()
    assert all(text.startswith("高血压") and text != "高血压" for text in texts)
    assert len(set(texts)) == len(texts)
    inline = demo.locator("#panel-note .pg-ghost-rest").text_content()
    assert f"高血压{inline}" == texts[0]
    note.press("Tab")  # takes the grey text
    assert note.input_value() == f"高血压{inline}"
    note.press("Enter")
    note.press_sequentially("糖尿病")  # each line is completed for itself
    expect(options(demo).first).to_contain_text("糖尿病")


def test_search(demo: Page) -> None:
    query = demo.get_by_role("combobox", name="Search box")
    expect(query).to_be_focused()
    query.press_sequentially("高血压")
    expect(options(demo).first).to_be_visible()
    query.press("ArrowDown")
    chosen = demo.locator("[aria-selected=true][role=option]").text_content() or ""
    query.press("Enter")  # accepts, and does not submit
    expect(query).to_have_value(chosen)
    expect(demo.locator("#searched li")).to_have_count(0)
    query.press("Enter")
    expect(demo.locator("#searched li")).to_have_text([chosen])
    expect(query).to_have_value("")


def test_a_click_accepts_too(demo: Page) -> None:
    note = demo.get_by_role("combobox")
    note.press_sequentially("糖尿病")
    options(demo).nth(0).click()
    assert len(note.input_value()) > len("糖尿病")
    expect(note).to_be_focused()
    expect(options(demo)).to_have_count(0)


def test_an_example_is_completed(demo: Page) -> None:
    chip = demo.locator(".chip").first
    chip.click()
    expect(demo.get_by_role("combobox")).to_have_value(chip.text_content() or "")
    expect(options(demo).first).to_be_visible()
    assert demo.locator("#saved").text_content() == "–"  # what the page put there was not written


def test_numbers_are_those_of_what_was_typed(demo: Page) -> None:
    note = demo.get_by_role("combobox")
    note.press_sequentially("高血")
    expect(options(demo).first).to_be_visible()
    assert number(demo, "#ms") > 0
    assert number(demo, "#saved") == 0
    note.press("ArrowDown")
    n_before = len(note.input_value())
    note.press("Enter")
    n_all = len(note.input_value())
    n_chosen = n_all - n_before
    saved = n_chosen - 2  # an arrow and Enter
    expect(demo.locator("#saved")).to_have_text(str(round(100 * saved / n_all)))
    expect(demo.locator("#tally")).to_have_text(f"{n_all} characters, {n_chosen} of them chosen")
    expect(demo.locator("#typical")).to_contain_text(
        re.compile(r"of \d+: median [\d.]+, 95% within")
    )


def test_the_card_shows_the_model(demo: Page, client: httpx.Client) -> None:
    (model,) = client.get("/v1/models").json()["data"]
    expect(demo.locator("#card-name")).to_have_text(model["id"])
    facts = demo.locator("#card-facts")
    expect(facts).to_contain_text(f"{model['vocab_size']:,}")
    expect(facts).to_contain_text(f"{model['card']['bits_per_char']:.2f}")
    expect(demo.locator("#card-learned")).to_contain_text(f"{model['card']['lines']:,} lines")


def test_why_a_list_is_shown(demo: Page, client: httpx.Client) -> None:
    demo.get_by_role("combobox").press_sequentially("高血压")
    expect(demo.locator("#why-facts")).to_contain_text("“高血压”")
    found = client.post("/v1/explain", json={"prompt": "高血压"}).json()
    reasons = demo.locator("#reasons b")
    expect(reasons).to_have_text([each["completion"] for each in found["shown"]])
    drawn = demo.locator("#tree text.piece").all_text_contents()
    assert set(drawn) >= {each["piece"] for each in found["tree"]["branches"]}
    ranks = demo.locator("#tree text.rank").all_text_contents()
    chosen = [i for i, each in enumerate(found["shown"], 1) if each["gain"] is not None]
    assert sorted(map(int, ranks)) == chosen


def test_both_languages_say_everything(open_page: Open) -> None:
    page = open_page(locale="zh-CN")
    expect(page.get_by_role("heading", level=1)).to_have_text("写个开头，它接着写")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    switch = page.locator("#language")
    switch.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Type a beginning. It goes on.")
    note = page.get_by_role("combobox", name="Search box")
    note.press_sequentially("高血压")
    expect(page.get_by_role("listbox", name="Suggestions")).to_be_visible()
    expect(page.locator("#why-facts")).to_contain_text("places looked into")
    said = "[...document.querySelectorAll('[data-say]')]"
    chinese = ".filter((node) => /[㐀-鿿]/.test(node.textContent)).map((node) => node.id)"
    left = page.evaluate(said + chinese)
    assert left == ["language"]  # which names the other language
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Type a beginning. It goes on.")
    says = """import('/static/page/words.js').then(({ words, switchLanguage }) => {
      const found = Object.keys(words());
      switchLanguage();
      return [found, Object.keys(words())];
    })"""
    one, other = page.evaluate(says)
    assert one == other
    assert page.evaluate(said + ".every((node) => node.textContent.trim())")


def test_tabs_by_keys(demo: Page) -> None:
    demo.get_by_role("tab", name="Search box").focus()
    demo.keyboard.press("ArrowRight")
    expect(demo.get_by_role("tab", name="Note")).to_be_focused()
    expect(demo.locator("#panel-search")).to_be_hidden()
    expect(demo.locator("#panel-note")).to_be_visible()


def test_off_the_record_is_a_switch(demo: Page) -> None:
    switch = demo.get_by_role("button", name="Off the record")
    switch.click()
    assert switch.get_attribute("aria-pressed") == "true"
    expect(demo.locator("prompt-gen[off-record]")).to_have_count(2)
    switch.click()
    expect(demo.locator("prompt-gen[off-record]")).to_have_count(0)


def test_a_server_with_a_key_is_asked_with_it(open_page: Open) -> None:
    page = open_page()
    seen = []

    def locked(route) -> None:
        if "/v1/" in route.request.url:
            seen.append((route.request.url, route.request.headers.get("authorization")))
            if seen[-1][1] != "Bearer right":
                wrong = {"error": {"message": "no", "type": "t", "param": None, "code": 401}}
                # a refused load is an error on the console of its own, which is not ours
                return route.fulfill(status=401, json=wrong)
        return route.fallback()

    errors: list[str] = []
    other = page.context.new_page()
    other.on("pageerror", lambda error: errors.append(str(error)))
    other.route("**/*", locked)
    other.goto(page.url)
    for key in ("wrong", "right"):
        other.get_by_label("This service asks for a key").fill(key)
        other.get_by_role("button", name="Use it").click()
        if key == "wrong":
            expect(other.get_by_role("alert")).to_contain_text("not known")
    expect(other.locator("#key-form")).to_be_hidden()
    other.get_by_role("combobox").press_sequentially("高血压")
    expect(options(other).first).to_be_visible()
    assert all("right" not in url and "wrong" not in url for url, _ in seen)
    assert other.evaluate("[sessionStorage.key, localStorage.key].length") == 2
    assert other.evaluate("[sessionStorage.getItem('key'), localStorage.getItem('key')]") == [
        "right",
        None,
    ]
    assert errors == []


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_screen(open_page: Open, width: int, scheme: str) -> None:
    page = open_page(viewport={"width": width, "height": 740}, color_scheme=scheme)
    page.get_by_role("combobox").press_sequentially("高血压")
    expect(options(page).first).to_be_visible()
    expect(page.locator("#why-facts")).to_contain_text("高血压")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", ["closed", "open", "chosen", "note", "docs", "key"])
def test_axe_finds_nothing(open_page: Open, scheme: str, state: str) -> None:
    page = open_page("/docs" if state == "docs" else "/", color_scheme=scheme)
    if state == "docs":
        expect(page.get_by_role("heading", name="POST /v1/complete")).to_be_visible()
    if state == "note":
        page.get_by_role("tab", name="Note").click()
    if state == "key":
        page.evaluate("document.querySelector('#key-form').hidden = false")
    if state in ("open", "chosen", "note"):
        field = page.locator("#note" if state == "note" else "#query")
        field.press_sequentially("高血压")
        expect(options(page).first).to_be_visible()
        expect(page.locator("#why-facts")).to_contain_text("高血压")
    if state == "chosen":
        page.keyboard.press("ArrowDown")
    found = Axe().run(page).response["violations"]
    assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in found] == []


def test_the_api_page_shows_every_route(open_page: Open, client: httpx.Client) -> None:
    page = open_page("/docs")
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        for method in methods:
            heading = page.get_by_role("heading", name=f"{method.upper()} {path}", exact=True)
            expect(heading).to_be_visible()
    expect(page.get_by_role("cell", name="max_chars").first).to_be_visible()
