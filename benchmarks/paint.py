"""From a key to what is painted for it, in a browser on the demo page, typing held-out lines.

    python -m benchmarks paint RUN [--keys 600]

Chromium without a window, a server of its own on loopback, five keys a second. Each key is a real
key event. Counted from its time stamp until the first frame behind it is painted, in which the list
has been narrowed (`first`), and until the frame is in which the list is the answer's (`answered`).
"""

import argparse
import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright

from benchmarks.machine import DATA, describe, keep
from benchmarks.serving import served

PAUSE_MS, SPREAD_MS = 200, 50
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--no-first-run",
]  # fmt: skip

# A message that is posted in an animation frame arrives when that frame has been painted.
WATCH = """() => {
  const field = document.querySelector('#query');
  const box = document.querySelector('prompt-gen[for=query]');
  const began = new Map(); // text -> time stamp of the key that completed it
  let key = 0;
  window.painted = { first: [], answered: [] };
  const afterPaint = (then) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = then;
    channel.port2.postMessage(0);
  });
  field.addEventListener('keydown', ({ timeStamp }) => { key = timeStamp; }, true);
  field.addEventListener('input', () => {
    const start = key;
    began.set(field.value, start);
    afterPaint(() => painted.first.push(performance.now() - start));
  });
  box.addEventListener('pg-suggest', ({ detail }) => {
    const start = began.get(detail.prompt);
    afterPaint(() => painted.answered.push(performance.now() - start));
  });
}"""


def typed(page: Page, lines: list[str], n_keys: int) -> int:
    """Type lines, each into an empty field; how many keys that were."""
    rng, n = random.Random(1), 0
    keyboard = page.context.new_cdp_session(page)
    for line in lines:
        page.evaluate("document.querySelector('#query').value = ''")
        for character in line[:-1]:
            for kind in ("keyDown", "keyUp"):
                text = {"text": character} if kind == "keyDown" else {}
                keyboard.send("Input.dispatchKeyEvent", {"type": kind, "key": character, **text})
            page.wait_for_timeout(max(30, rng.gauss(PAUSE_MS, SPREAD_MS)))
            n += 1
            if n == n_keys:
                return n
    return n


def measured(port: int, n_keys: int) -> dict[str, Any]:
    text = (DATA / "bench" / "medical-zh.test.txt").read_text("utf-8")
    lines = [line for line in text.splitlines() if len(line) > 3]
    random.Random(0).shuffle(lines)
    with sync_playwright() as playwright:
        path = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        page.goto(f"http://127.0.0.1:{port}/")
        page.wait_for_selector(".chip")
        page.focus("#query")
        typed(page, lines[:5], 50)  # a browser, too, is warm after some keys
        page.evaluate(WATCH)
        n = typed(page, lines[5:], n_keys)
        page.wait_for_timeout(1000)
        found = page.evaluate("painted")
        version = browser.version
        browser.close()
    return {
        "keys": n,
        "answered_before_the_next_key": len(found["answered"]),
        **{f"{kind}_{name}": row for kind in found for name, row in figures(found[kind]).items()},
        "chromium": version,
    }


def figures(ms: list[float]) -> dict[str, float]:
    wanted = {"p50_ms": 50, "p95_ms": 95, "p99_ms": 99}
    return {name: round(float(np.percentile(ms, p)), 1) for name, p in wanted.items()}


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("--keys", type=int, default=600)
    args = parser.parse_args(argv)
    with served(args.run) as (port, _):
        found = measured(port, args.keys)
    machine = describe("onnxruntime", "fastapi", "uvicorn", "playwright")
    keep("paint", {"machine": machine, **found})
