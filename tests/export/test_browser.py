"""What is exported for the browser, in Chromium: the same ids, the same numbers, and no network."""

import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from prompt_gen import export
from prompt_gen.bundle import Bundle
from prompt_gen.export import browser as target
from prompt_gen.export.reference import Reference
from prompt_gen.export.source import Source
from prompt_gen.export.strings import strings
from prompt_gen.vocab import TOKENIZERS, Tokenizer
from tests.conftest import ROOT
from tests.export.made import bundle_of
from tests.replay.stock import LINES

pytestmark = pytest.mark.browser
STATIC = Path(target.__file__).parent / "static"
READ = """async (rows) => {
  const ort = await import('/onnxruntime-web/ort.wasm.min.mjs');
  const { Model } = await import('/model.js');
  ort.env.wasm.wasmPaths = '/onnxruntime-web/';
  ort.env.wasm.numThreads = 1;
  const facts = await (await fetch('/facts.json')).json();
  const graph = await (await fetch('/model.onnx')).arrayBuffer();
  const model = new Model(ort, await ort.InferenceSession.create(graph), facts);
  const found = [];
  for (const ids of rows) {
    const nodes = [];
    for (const id of ids) nodes.push(model.node(id, nodes.at(-1) ?? null));
    const half = nodes.length >> 1; // in two passes: what was read is looked at, too
    if (half) await model.read(nodes.slice(0, half));
    await model.read(nodes.slice(half));
    found.push(nodes.map((node) => [...node.logs]));
  }
  return found;
}"""
COMPLETE = """async (prompt) => {
  const body = JSON.stringify({ prompt, n: 5, max_chars: 24, seq: 7, session: 'x' });
  return (await fetch('/v1/complete', { method: 'POST', body })).json();
}"""


@pytest.fixture(scope="module")
def runtime() -> Path:
    """The npm package onnxruntime-web, where there is one."""
    said = os.environ.get("PROMPT_GEN_ONNXRUNTIME_WEB")
    places = [Path(said)] if said else [ROOT / "node_modules" / target.RUNTIME]
    places += sorted(ROOT.glob(f"{target.RUNTIME}-*.tgz"))
    found = next((place for place in places if place.exists()), None)
    if found is None:
        pytest.skip(
            "onnxruntime-web is not here: npm pack onnxruntime-web in the project's directory, "
            "or set PROMPT_GEN_ONNXRUNTIME_WEB"
        )
    return found


@contextmanager
def served(directory: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(directory)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    opened = context.new_page()
    opened.on("pageerror", lambda error: pytest.fail(str(error)))
    yield opened
    context.close()


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_the_tokenizer_gives_the_ids_of_ours(kind: str, page: Page, tmp_path: Path) -> None:
    if kind == "word":
        pytest.importorskip("rjieba", reason="rjieba is not installed (extra word)")
    tokenizer = Tokenizer(TOKENIZERS.load(kind).fit(LINES, 700))
    shutil.copytree(STATIC, tmp_path, dirs_exist_ok=True)
    tokenizer.save(tmp_path)
    (tmp_path / "index.html").write_text("", "utf-8")
    chosen = strings(tokenizer, LINES, 4000)
    with served(tmp_path) as address:
        page.goto(address)
        found = page.evaluate(
            """async (texts) => {
              const { Tokenizer } = await import('/tokenizer.js');
              const made = new Tokenizer(await (await fetch('/tokenizer.json')).json());
              return texts.map((text) => made.encode(text));
            }""",
            chosen,
        )
    others = [
        (text, its, ours)
        for text, its, ours in zip(chosen, found, tokenizer.encode_batch(chosen), strict=True)
        if its != ours
    ]
    assert not others


@pytest.fixture(scope="module", params=[("gpt2", "unigram"), ("qwen3", "bpe")], ids="-".join)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return bundle_of(tmp_path_factory.mktemp("made"), *request.param)


def test_the_graph_says_there_what_the_bundle_says(
    made: Bundle, runtime: Path, page: Page, tmp_path: Path
) -> None:
    source = Source.of(made)
    reference = Reference(source)
    export.write(made, "browser", tmp_path / "out", "float32", runtime=runtime)
    rows = [[made.tokenizer.bos_id, *made.tokenizer.encode(p)] for p in reference.prefixes(30)]
    rows = [[*ids, *written] for ids, written in zip(rows, reference.greedy(rows, 12), strict=True)]
    (tmp_path / "out" / "index.html").write_text("", "utf-8")
    with served(tmp_path / "out") as address:
        page.goto(address)
        found = page.evaluate(READ, rows)
    for ids, its_TV in zip(rows, found, strict=True):
        ours_TV = reference.log_probabilities(ids)
        np.testing.assert_allclose(its_TV, ours_TV, atol=1e-3)
        assert (np.argmax(its_TV, axis=1) == ours_TV.argmax(axis=1)).all()


def test_it_completes_with_the_network_off(
    made: Bundle, runtime: Path, page: Page, tmp_path: Path
) -> None:
    export.write(made, "browser", tmp_path / "out", runtime=runtime)
    with served(tmp_path / "out") as address:
        page.goto(address)
        page.evaluate("fetch('/v1/models')")  # answered when all is loaded
    page.context.set_offline(True)
    for typed in ("高", "高血", "糖尿病患者", "a b"):
        answer = page.evaluate(COMPLETE, typed)
        assert (answer["prompt"], answer["seq"], answer["session"]) == (typed, 7, "x")
        scores = [each["score"] for each in answer["candidates"]]
        texts = [each["text"] for each in answer["candidates"]]
        assert all(text.startswith(typed) and len(text) > len(typed) for text in texts)
        assert all(each["text"] == typed + each["completion"] for each in answer["candidates"])
        assert len(set(texts)) == len(texts) <= 5
        assert 0 < sum(scores) <= 1 + 1e-6


def test_what_is_typed_opens_the_list_of_the_box(
    runtime: Path, page: Page, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    made = bundle_of(tmp_path_factory.mktemp("shown"), "qwen3", "bpe")
    export.write(made, "browser", tmp_path / "out", runtime=runtime)
    kept = json.loads((tmp_path / "out" / "facts.json").read_text("utf-8"))
    assert kept["model"]["id"] == made.name
    asked: list[str] = []
    with served(tmp_path / "out") as address:
        page.goto(address)
        page.evaluate("fetch('/v1/models')")
        page.on("request", lambda request: asked.append(request.url))
        page.context.set_offline(True)
        page.locator("#note").press_sequentially("高")
        page.locator("#note").press("Control+Space")
        expect(page.get_by_role("option").first).to_contain_text("高")
    assert asked == []
