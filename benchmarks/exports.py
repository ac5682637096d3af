"""Every export held to its bundle: what is the same, how large it is, how long a token takes.

    python -m benchmarks exports [--run RUN] [--runtime ONNXRUNTIME_WEB]

Bundles of `gpt2` and `qwen3` with `bpe` and `unigram` are trained for a few steps on the bundled
corpus (or --run, an own one, beside them) and exported to every target in every kind of weights.
Each row is what `parity.json` says, the size of the directory, and milliseconds a token of greedy
writing in the stock engine, one row at a time and one thread, the median over prefixes.

In Chromium, with the network off, a line is typed character by character into the page of
`browser`: p50 and p95 of an answer, beside our own engine in Python with the network alone.
"""

import argparse
import functools
import shutil
import statistics
import tempfile
import threading
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from benchmarks.machine import describe, keep
from prompt_gen import Completer, bundle, export, pipeline
from prompt_gen.bundle import Bundle
from prompt_gen.config import EngineConfig
from prompt_gen.errors import PromptGenError, UsageError
from prompt_gen.export import EXPORTERS
from prompt_gen.export.reference import Reference
from prompt_gen.export.source import Source
from prompt_gen.run import Run
from prompt_gen.settings import resolve

TEXT = Path(__file__).parents[1] / "src" / "prompt_gen" / "data" / "health-zh.txt"
SHAPES = [(a, k) for a in ("gpt2", "qwen3") for k in ("bpe", "unigram")]
SETTINGS = (
    "model.layers=2", "model.width=128", "model.context=128", "vocab.size=2000", "train.steps=100",
    "train.batch_tokens=512", "evaluate.typed=0", "memory.budget=0",
)  # fmt: skip
TYPED = "糖尿病患者可以吃什么水果，血糖高的人要注意控制饮食，多运动"
N_PREFIXES, N_TOKENS = 20, 24
ASK = """async (text) => {
  const times = [];
  for (let end = 1; end <= text.length; end += 1) {
    const body = JSON.stringify({ prompt: text.slice(0, end), n: 5, max_chars: 24, seq: end });
    const start = performance.now();
    await (await fetch('/v1/complete', { method: 'POST', body })).json();
    times.push(performance.now() - start);
  }
  return times;
}"""


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", type=Path, help="a trained run, beside those made here")
    parser.add_argument("--runtime", type=Path, help="the npm package onnxruntime-web")
    args = parser.parse_args(argv)
    rows: list[dict[str, Any]] = []
    typed: dict[str, Any] = {}
    libraries = ("onnxruntime", "transformers", "torch", "ctranslate2", "gguf", "llama_cpp_python")
    machine = describe(*libraries)
    with tempfile.TemporaryDirectory() as directory:
        ways = {args.run.name: lambda: bundle.load(args.run)} if args.run else {}
        ways |= {"-".join(s): functools.partial(trained, Path(directory), *s) for s in SHAPES}
        for name, make in ways.items():
            made = make()
            for target in EXPORTERS:
                for weights in EXPORTERS.load(target).WEIGHTS:
                    out = Path(directory) / "out"
                    row = measured(made, target, weights, out, args.runtime)
                    rows.append({"bundle": name, "target": target, "weights": weights} | row)
                    if target == "browser" and row.get("bytes"):
                        typed[f"{name}, {weights}"] = in_chromium(out)
                    shutil.rmtree(out, ignore_errors=True)
            typed[f"{name}, our engine, network alone"] = in_python(made)
            keep("exports", {"machine": machine, "exports": rows, "typing_ms": typed})


def trained(where: Path, architecture: str, kind: str) -> Bundle:
    run = Run(where / f"{architecture}-{kind}")
    settings = (*SETTINGS, f"model.architecture={architecture}", f"vocab.kind={kind}")
    pipeline.train([TEXT], run, resolve(settings))
    return bundle.load(run.path)


def measured(
    made: Bundle, target: str, weights: str, out: Path, runtime: Path | None
) -> dict[str, Any]:
    """What an export's check says, and the time of a token; or why there is none."""
    try:
        found = export.write(made, target, out, weights, runtime=runtime)
    except UsageError as error:
        return {"refused": str(error)}
    except PromptGenError as error:
        return {"failed": str(error)}
    if found["checked"]:
        found["ms_a_token"] = round(time_of(made, target, weights, out), 3)
    return {name: value for name, value in found.items() if name not in ("target", "weights")}


def time_of(made: Bundle, target: str, weights: str, out: Path) -> float:
    source = Source.of(made)
    engine = EXPORTERS.load(target).opened(source, out, weights)
    times = []
    for prefix in Reference(source).prefixes(N_PREFIXES):
        ids = [made.tokenizer.bos_id, *made.tokenizer.encode(prefix)][: source.context - N_TOKENS]
        start = time.perf_counter()
        (written,) = engine.greedy([ids], N_TOKENS)
        times.append(1000 * (time.perf_counter() - start) / (len(written) + 1))
    return statistics.median(times)


def in_chromium(out: Path) -> dict[str, float]:
    """Milliseconds from a key to its answer in the page, the network off."""
    from playwright.sync_api import sync_playwright

    handler = functools.partial(_Quiet, directory=str(out))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context()
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        page.evaluate("fetch('/v1/models')")
        context.set_offline(True)
        page.evaluate(ASK, TYPED[:6])  # compiled by then
        times = page.evaluate(ASK, TYPED)
        browser.close()
    server.shutdown()
    return percentiles(times)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None: ...


def in_python(made: Bundle) -> dict[str, float]:
    completer = Completer.of(made, EngineConfig(experts="network"))
    completer.complete(TYPED[:6])
    times = []
    for end in range(1, len(TYPED) + 1):
        start = time.perf_counter()
        completer.complete(TYPED[:end], session="typed")
        times.append(1000 * (time.perf_counter() - start))
    return percentiles(times)


def percentiles(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {
        "keys": len(ordered),
        "p50_ms": round(statistics.median(ordered), 2),
        "p95_ms": round(ordered[int(0.95 * (len(ordered) - 1))], 2),
    }
