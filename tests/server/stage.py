"""<prompt-gen> in a real browser, before a service that answers what a test wants.

The files are those that the server sends, with its security headers; nothing listens anywhere.
"""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import CDPSession, Locator, Page, Route, expect

from prompt_gen.server.headers import HEADERS
from prompt_gen.server.routes.pages import STATIC

ORIGIN = "http://localhost:1"
TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".svg": "image/svg+xml",
}
LINES = ("高血压要注意饮食。", "高血压要按时服药", "高血压患者可以运动", "高烧不退")
HTML = """<!doctype html>
<html lang="{lang}">
<head>
  <meta charset="utf-8"><title>Box</title>
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <link rel="stylesheet" href="/static/prompt-gen.css">
  <script type="module" src="/static/prompt-gen.js"></script>
</head>
<body><main>
  <h1>Box</h1>
  <form id="form"><label for="note">Note</label>
  {field}
  <prompt-gen for="note" {attributes}></prompt-gen></form>
  <button id="after">After</button>
</main></body></html>"""
RECORD = """() => {
  Object.assign(window, { told: [], submitted: [], prevented: [] });
  for (const type of ['pg-suggest', 'pg-accept', 'pg-dismiss']) {
    document.addEventListener(type, ({ detail }) => told.push([type, detail]));
  }
  document.addEventListener('keydown', (event) => prevented.push(event.defaultPrevented));
  document.querySelector('form').addEventListener('submit', (event) => {
    event.preventDefault();
    submitted.push(document.querySelector('#note').value);
  });
}"""


def candidate(text: str, typed: str, **more: Any) -> dict[str, Any]:
    facts = {"score": 0.5, "finish_reason": "eos", "source": "model", "lines": 0, "stops": []}
    return {"text": text, "completion": text[len(typed) :]} | facts | more


class Stage:
    """A page with one field. `asked` are the bodies of all requests so far, the oldest first."""

    def __init__(
        self,
        page: Page,
        attributes: str = "",
        field: str = '<input id="note">',
        script: str = "cjk",
        lang: str = "en",
        lines: tuple[str, ...] = LINES,
        models_status: int = 200,
    ) -> None:
        self.page, self.script, self.lines = page, script, lines
        self.html = HTML.format(lang=lang, field=field, attributes=attributes)
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.urls: list[str] = []
        self.events: list[dict[str, Any]] = []
        self.held: list[Route] = []
        self.is_holding = False
        self.status = 200
        self.models_status = models_status
        self.events_status = 200
        self.answer: Callable[[dict[str, Any]], dict[str, Any]] = self.known
        page.route("**/*", self._serve)
        page.goto(ORIGIN)
        page.evaluate(RECORD)
        page.evaluate("document.querySelector('#note').focus()")
        self.quiet()

    def _serve(self, route: Route) -> None:
        self.urls.append(route.request.url)
        path = route.request.url.removeprefix(ORIGIN).partition("?")[0]
        secure = dict(HEADERS)
        if path == "/":
            route.fulfill(body=self.html, content_type="text/html", headers=secure)
        elif path.startswith("/static/"):
            file = STATIC / path.removeprefix("/static/")
            headers = secure | {"content-type": TYPES[file.suffix]}
            route.fulfill(body=file.read_bytes(), headers=headers)
        elif path == "/v1/models":
            model = {"id": "stage", "script": self.script, "card": {}}
            route.fulfill(status=self.models_status, json={"data": [model]})
        elif path == "/v1/events":
            told = route.request.post_data_json
            self.events += told if self.events_status == 200 else []
            answer = {"stored": len(told), "known": 0, "off_record": 0}
            route.fulfill(status=self.events_status, json=answer)
        elif path == "/v1/complete":
            self.asked.append(route.request.post_data_json)
            self.headers.append(route.request.headers)
            if self.is_holding:
                self.held.append(route)
            else:
                self.fulfil(route)
        else:
            route.fulfill(status=404)

    def fulfil(self, route: Route) -> None:
        """Answer a request, now."""
        body = route.request.post_data_json
        wrong = {"error": {"message": "no", "type": "t", "param": None, "code": self.status}}
        route.fulfill(status=self.status, json=wrong if self.status != 200 else self.answer(body))

    def known(self, body: dict[str, Any]) -> dict[str, Any]:
        """The lines that go on from what was typed."""
        typed = body["prompt"]
        found = [line for line in self.lines if line.startswith(typed) and line != typed]
        return self.reply(body, [candidate(line, typed) for line in found[: body["n"]]])

    def reply(self, body: dict[str, Any], candidates: list[dict[str, Any]]) -> dict[str, Any]:
        """An answer with these candidates."""
        return {
            "id": f"cmpl-{len(self.asked)}",
            "model": "stage",
            "prompt": body["prompt"],
            "session": body["session"],
            "seq": body["seq"],
            "candidates": candidates,
            "timing": {"total_ms": 1},
        }

    @property
    def prompts(self) -> list[str]:
        """What was asked for."""
        return [body["prompt"] for body in self.asked]

    @property
    def field(self) -> Locator:
        """The field itself."""
        return self.page.locator("#note")

    @property
    def options(self) -> Locator:
        """The rows that are seen."""
        return self.page.get_by_role("option")

    @property
    def value(self) -> str:
        """The text of the field."""
        return self.field.input_value()

    @property
    def active(self) -> int:
        """The active row, from 0; -1: none is."""
        rows = self.options.all()
        chosen = [i for i, row in enumerate(rows) if row.get_attribute("aria-selected") == "true"]
        assert len(chosen) < 2
        return chosen[0] if chosen else -1

    @property
    def inline(self) -> str:
        """The grey text behind the caret."""
        ghost = self.page.locator(".pg-ghost")
        return ghost.locator(".pg-ghost-rest").text_content() if ghost.is_visible() else ""

    def texts(self) -> list[str]:
        """The rows, as they are read."""
        return self.options.all_text_contents()

    def told(self, kind: str) -> list[dict[str, Any]]:
        """The details of events of a kind."""
        return [d for name, d in self.page.evaluate("told") if name == kind]

    def type(self, text: str) -> None:
        """Key by key."""
        self.page.keyboard.type(text)

    def press(self, *keys: str) -> None:
        """One key after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def open(self, typed: str = "高血压") -> None:
        """Type, and see the list."""
        self.type(typed)
        expect(self.options.first).to_be_visible()
        self.quiet()

    def quiet(self) -> None:
        """Let everything happen that is going to happen at once."""
        for _ in range(2):
            self.page.evaluate(
                "() => new Promise((go) => setTimeout(() => requestAnimationFrame(go), 20))"
            )

    def method(self) -> CDPSession:
        """A real input method, by the DevTools protocol."""
        return self.page.context.new_cdp_session(self.page)


def compose(method: CDPSession, *texts: str) -> None:
    """Texts of one open composition, one after the other."""
    for text in texts:
        where = {"selectionStart": len(text), "selectionEnd": len(text)}
        method.send("Input.imeSetComposition", {"text": text, **where})


def commit(method: CDPSession, text: str) -> None:
    """End the composition with a text."""
    method.send("Input.insertText", {"text": text})
