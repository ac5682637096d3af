"""The wrapper for React, by a stand-in for React that makes real nodes."""

import shutil
import subprocess

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import ROOT
from tests.server.stage import LINES, ORIGIN, Stage

WRAPPER = ROOT / "examples" / "react" / "prompt-gen-field.js"
REACT = """
const effects = [];
export const useId = () => ':r1:';
export const useRef = (current) => ({ current });
export const useEffect = (effect) => { effects.push(effect); };
export function createElement(type, { ref, className, htmlFor, onInput, ...rest }, ...children) {
  const node = document.createElement(type);
  if (className) node.className = className;
  if (htmlFor) node.htmlFor = htmlFor;
  if (onInput) node.addEventListener('input', onInput);
  for (const [name, value] of Object.entries(rest)) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== undefined));
  if (ref) ref.current = node;
  return node;
}
export const mounted = () => effects.splice(0).map((effect) => effect());
"""
MOUNT = """async () => {
  const { PromptGenField } = await import('/prompt-gen-field.js');
  const { mounted } = await import('/react.js');
  window.texts = [];
  window.accepted = [];
  const made = PromptGenField({
    label: 'Memo', endpoint: '/v1/complete', apiKey: 'secret-2', n: 2, 'accept-on-tab': '',
    onText: (text) => texts.push(text), onAccept: ({ text }) => accepted.push(text),
  });
  document.querySelector('main').append(made);
  window.leave = () => { for (const undo of left) undo?.(); made.remove(); };
  const left = mounted();
}"""


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_it_is_a_module() -> None:
    command = ["node", "--check", "--input-type=module"]
    subprocess.run(command, input=WRAPPER.read_bytes(), check=True)


@pytest.mark.browser
def test_a_field_of_react_is_completed(page: Page) -> None:
    stage = Stage(page)
    source = WRAPPER.read_text("utf-8").replace("from 'react'", "from '/react.js'")
    for path, text in (("/prompt-gen-field.js", source), ("/react.js", REACT)):
        page.route(ORIGIN + path, serve(text))
    page.evaluate(MOUNT)
    memo = page.get_by_role("combobox", name="Memo")
    memo.press_sequentially("高血压")
    expect(page.get_by_role("option")).to_have_count(2)
    assert (stage.asked[-1]["n"], stage.headers[-1]["authorization"]) == (2, "Bearer secret-2")
    memo.press("ArrowDown")
    memo.press("Tab")
    assert memo.input_value() == LINES[0]
    assert page.evaluate("texts.at(-1)") == LINES[0]
    assert page.evaluate("accepted") == [LINES[0][3:]]
    page.evaluate("leave()")
    expect(page.locator("[role=listbox]")).to_have_count(1)  # that of the page itself


def serve(text: str):
    return lambda route: route.fulfill(body=text, content_type="text/javascript")
