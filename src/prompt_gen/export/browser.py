"""A folder for any static file server, which completes in the browser alone, without a network.

The graph that completes (`graph.completing`), the tokenizer and the box are copied there, with a
worker in JavaScript that tokenizes, reads the graph by onnxruntime-web and searches (`static/`).
Only onnxruntime-web is somebody else's: it is taken from its npm package, as npm has left it.
"""

import json
import shutil
import tarfile
from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path

import numpy as np

from prompt_gen.engine.language_model import chain, read_line
from prompt_gen.errors import NotFound, UsageError
from prompt_gen.export.reference import loaded
from prompt_gen.export.source import Source
from prompt_gen.vocab import bytelevel

NEEDS = ("onnx",)
ENGINE = ("onnxruntime",)
WEIGHTS = ("int8", "float32")
GRAPH = "model.onnx"
RUNTIME = "onnxruntime-web"
PARTS = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
_OURS = Path(__file__).parent / "static"
_BOX = Path(__file__).parents[1] / "server" / "static"
_SPLITS = (bytelevel.CLAUSES, bytelevel.CHARACTERS)  # that `tokenizer.js` is tested with
_OTHER = "Use --to hf or onnx, or train with a vocabulary of prompt-gen"


def check(source: Source) -> None:
    """Refuse what the worker cannot read, and a place without onnxruntime-web.

    Raises:
        UsageError, NotFound: says what, and what would work.
    """
    from prompt_gen.graph import blocks

    blocks.check(source.config)
    steps = (source.tokenizer_parts["pre_tokenizer"] or {}).get("pretokenizers", [{}])
    patterns = [step.get("pattern", {}).get("Regex") for step in steps[:-1]]
    if not patterns or patterns[0] not in _SPLITS or steps[-1].get("type") != "ByteLevel":
        raise UsageError(
            "the target 'browser' cannot hold this tokenizer: its split of text is none of ours",
            _OTHER,
        )
    for _ in _runtime(source.runtime, Path.cwd()):
        pass


def bound(source: Source, weights: str) -> float:
    """Sums in another order."""
    return 1e-3


def export(source: Source, out: Path, weights: str) -> None:
    """The page, the box, the worker, the graph, the tokenizer, and onnxruntime-web."""
    import onnx

    from prompt_gen.graph import completing
    from prompt_gen.graph.weights import KINDS

    graph = completing.export(source.path, source.tokenizer.hash, KINDS[weights], whole=True)
    (out / GRAPH).write_bytes(graph)
    source.tokenizer.save(out)
    known = {each.key: each.value for each in onnx.load_from_string(graph).metadata_props}
    facts = {
        "width": int(known["width"]),
        "context": int(known["context"]),
        "size": source.tokenizer.size,
        "model": {"id": source.made.name, "script": source.made.facts.get("script", "other")},
    }
    (out / "facts.json").write_text(json.dumps(facts, ensure_ascii=False) + "\n", "utf-8")
    shutil.copytree(_OURS, out, dirs_exist_ok=True)
    for name in ("prompt-gen.js", "prompt-gen.css", "box"):
        if (_BOX / name).is_dir():
            shutil.copytree(_BOX / name, out / name)
        elif (_BOX / name).is_file():
            shutil.copyfile(_BOX / name, out / name)
    (out / RUNTIME).mkdir()
    for name, data in _runtime(source.runtime, Path.cwd()):
        (out / RUNTIME / name).write_bytes(data)


def _runtime(given: Path | None, here: Path) -> Iterator[tuple[str, bytes]]:
    """The files of onnxruntime-web that are needed, by name.

    Raises:
        NotFound: it is neither where it is said to be nor where npm puts it.
    """
    packed = sorted(here.glob(f"{RUNTIME}-*.tgz"))
    where = given or next(
        (each for each in (here / "node_modules" / RUNTIME, *packed[-1:]) if each.exists()), None
    )
    if where is None:
        raise NotFound(
            f"'{RUNTIME}' is neither in node_modules nor as {RUNTIME}-*.tgz in this directory",
            f"Get it: npm pack {RUNTIME}   (or say where it is: --onnxruntime-web PATH)",
        )
    for name in PARTS:
        try:
            yield name, _part(where, name)
        except (OSError, KeyError, tarfile.TarError) as error:
            raise NotFound(
                f"no '{name}' of {RUNTIME} in '{where}'",
                f"Get it: npm pack {RUNTIME}, and give the file or its unpacked directory",
            ) from error


def _part(where: Path, name: str) -> bytes:
    """A file of the package: a directory of npm, its `dist`, or the packed file."""
    if where.is_file():
        with tarfile.open(where) as packed:
            found = packed.extractfile(f"package/dist/{name}")
            if found is None:
                raise KeyError(name)
            return found.read()
    there = where / "dist" / name
    return (there if there.is_file() else where / name).read_bytes()


def usage(source: Source) -> str:
    """By any static file server."""
    return """    python -m http.server --directory DIR 8000

Then open <http://127.0.0.1:8000/>. Any static file server will do; nothing is sent to it but
requests for these files. In a page of your own, `local.js` comes before the box:

```html
<script type="module" src="local.js"></script>
<script type="module" src="prompt-gen.js"></script>
<link rel="stylesheet" href="prompt-gen.css">
<textarea id="note"></textarea>
<prompt-gen for="note" endpoint="v1/complete"></prompt-gen>
```

`onnxruntime-web/` is the work of others (MIT licence), as its npm package has it. What was checked
here is the graph, in onnxruntime; that of the browser is the same code, compiled for it."""


def opened(source: Source, out: Path, weights: str) -> "Opened":
    """The graph in onnxruntime, which is in onnxruntime-web what it is here."""
    return Opened(source, out)


class Opened:
    """The graph that completes, as the engine reads it."""

    def __init__(self, source: Source, out: Path) -> None:
        self._end = source.tokenizer.eos_id
        self._graph = loaded(out / GRAPH, source.tokenizer)

    def logits(self, ids: Sequence[int]) -> np.ndarray:
        """See `parity.Engine`."""
        return np.log(np.maximum(read_line(self._graph, ids)[0], np.finfo(np.float32).tiny))

    def greedy(self, rows: Sequence[Sequence[int]], n: int) -> list[list[int]]:
        """See `parity.Engine`."""
        return [self._written(ids, n) for ids in rows]

    def _written(self, ids: Sequence[int], n: int) -> list[int]:
        probs_KV, states = self._graph.read(ids, chain(len(ids)), [len(ids) - 1])
        state, written = states[-1], [int(probs_KV[0].argmax())]
        while len(written) < n and written[-1] != self._end:
            probs_KV, (state,) = self._graph.read(written[-1:], [state], [0])
            written.append(int(probs_KV[0].argmax()))
        return list(takewhile(lambda token: token != self._end, written))

    def encode(self, texts: Sequence[str]) -> list[list[int]] | None:
        """None: the tokenizer of the browser is in JavaScript, and tested there."""
