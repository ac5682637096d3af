"""Nothing that a model, a bundle or an error says runs in the page."""

from collections.abc import Callable
from itertools import cycle, islice, product

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.server.stage import candidate

pytestmark = pytest.mark.browser
TYPED = "高"
VECTORS = [
    "<script>hit()</script>",
    "<img src=x onerror=hit()>",
    "<svg onload=hit()>",
    "<svg/onload=hit()>",
    "<iframe srcdoc='<script>parent.hit()</script>'></iframe>",
    "<body onload=hit()>",
    "<a href=javascript:hit() autofocus onfocus=hit()>x</a>",
    "<input autofocus onfocus=hit()>",
    "<details open ontoggle=hit()>",
    "<video><source onerror=hit()></video>",
    "<marquee onstart=hit()>",
    "<object data=javascript:hit()></object>",
    "<embed src=javascript:hit()>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=hit()>",
    "<style>@import 'javascript:hit()'</style>",
    "<link rel=stylesheet href=javascript:hit()>",
    "<meta http-equiv=refresh content='0;url=javascript:hit()'>",
    "<base href=javascript:hit()//>",
    "javascript:hit()",
    "{{constructor.constructor('hit()')()}}",
    "${hit()}",
    "<%= hit() %>",
    "#{hit()}",
    "&lt;img src=x onerror=hit()&gt;",
    "\\u003cimg src=x onerror=hit()\\u003e",
]
AROUND = [
    "{}",
    "\"'>{}",
    "</span></li></ul>{}",
    "--><!--{}",
    "]]>{}",
    "</title>{}",
    "</textarea>{}",
    "\u202e{}",
    "</script>{}",
    "`{}`",
    "\ufeff{}\u0000",
    "</style>{}",
    "</svg>{}",
    "</text></svg>{}",
    "\n{}\n",
    "{}" * 2,
    "</option></select>{}",
    "<!doctype html>{}",
    "<![CDATA[{}]]>",
    "\t{}\u2028",
]
PAYLOADS = [around.replace("{}", vector) for around, vector in product(AROUND, VECTORS)]
WATCH = """
window.hits = 0; window.hit = () => { window.hits += 1; }; window.alert = window.hit;
window.refused = [];
addEventListener('securitypolicyviolation', (event) => refused.push(event.violatedDirective));
"""
OWN = "[src='/static/icon.svg']"
MARKUP = f"script:not([src]), img:not({OWN}), iframe, object, embed, video, style, base"


def refuse(status: int, message: str) -> Callable[[Route], None]:
    wrong = {"error": {"message": message, "type": "t", "param": None, "code": status}}
    return lambda route: route.fulfill(status=status, json=wrong)


def test_five_hundred_hostile_texts_stay_texts(browser: Browser, address: str) -> None:
    assert len(set(PAYLOADS)) == 500
    page = browser.new_page()
    page.add_init_script(WATCH)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    left = iter(PAYLOADS)
    shown: list[str] = []

    def complete(route) -> None:
        asked, found = route.request.post_data_json, list(islice(left, 5))
        shown.extend(found)
        bad = {"finish_reason": found[0], "source": found[1]}
        made = [candidate(asked["prompt"] + text, asked["prompt"], **bad) for text in found]
        answer = {"id": found[2], "seq": asked["seq"], "candidates": made, "timing": {}}
        route.fulfill(json=answer)

    spare = cycle(PAYLOADS)

    def explain(route) -> None:
        branch = {"p": 0.5, "state": next(spare), "rank": 1, "p_end": 0, "p_rest": 0, "n_folded": 0}
        behind = [{**branch, "piece": next(spare), "branches": []} for _ in range(5)]
        tree = {**branch, "piece": "", "p": 1, "branches": behind}
        why = {"p": 0.1, "gain": 0.1, "finish_reason": "eos", "lines": 0}
        answer = {"typed": next(spare), "tree": tree, "n_opened": next(spare), "n_read": 1}
        reasons = [{**why, "completion": next(spare)} for _ in range(5)]
        route.fulfill(json=answer | {"shown": reasons})

    def models(route) -> None:
        card = {"examples": list(islice(spare, 6)), "lines": next(spare), "parameters": next(spare)}
        model = {"id": next(spare), "script": next(spare), "card": card}
        route.fulfill(json={"data": [model]})

    page.route("**/v1/complete", complete)
    page.route("**/v1/explain", explain)
    page.route("**/v1/models", models)
    page.goto(address)
    expect(page.locator(".chip")).to_have_count(6)
    query = page.locator("#query")
    for round_ in range(100):
        query.fill(TYPED)
        expect(page.get_by_role("option")).to_have_count(5)
        seen = page.get_by_role("option").evaluate_all("(rows) => rows.map((r) => r.textContent)")
        assert seen == [TYPED + text for text in shown[-5:]]
        if round_ % 10 == 0:  # accept one, submit it, and see it in the list of those
            page.keyboard.press("ArrowDown")
            page.keyboard.press("Enter")
            page.keyboard.press("Enter")
            expect(page.locator("#searched li")).to_have_count(round_ // 10 + 1)
            expect(page.locator("#reasons li")).to_have_count(5)
        query.fill("")
    assert shown == PAYLOADS
    for status in (400, 413, 500):
        said = next(spare)
        page.route("**/v1/complete", refuse(status, said))
        query.fill(f"{TYPED}{status}")
        expect(page.locator("[data-kind=error]")).to_contain_text(said.strip())
    page.wait_for_timeout(200)
    assert page.evaluate("[hits, refused]") == [0, []]
    assert dialogs == []
    assert page.locator(MARKUP).count() == 0
    page.close()
