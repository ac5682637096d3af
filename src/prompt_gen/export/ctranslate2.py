"""CTranslate2, by its own converter from stock transformers."""

import json
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from prompt_gen.export.source import Source

NEEDS = ("ctranslate2", "transformers", "torch")  # the last two convert
ENGINE = ("ctranslate2",)
WEIGHTS = ("float32", "int8")
_ARCHITECTURES = ("gpt2", "llama", "qwen3")


def check(source: Source) -> None:
    """Refuse an architecture that CTranslate2 does not know.

    Raises:
        UsageError: says which it knows.
    """
    source.check_architecture("ctranslate2", _ARCHITECTURES)


def bound(source: Source, weights: str) -> float:
    """Sums in another order."""
    return 1e-3


def export(source: Source, out: Path, weights: str) -> None:
    """What `ctranslate2.Generator` loads, and the tokenizer beside it."""
    with TemporaryDirectory() as directory:
        stock = Path(directory)
        for name in ("config.json", "model.safetensors"):
            (stock / name).symlink_to((source.path / name).resolve())
        source.tokenizer.save(stock)
        convert(stock, out, None if weights == "float32" else weights)
    source.tokenizer.save(out)


def convert(stock: Path, out: Path, quantization: str | None = None) -> None:
    """A stock directory to what CTranslate2 loads, float32 unless told otherwise."""
    from transformers.utils import logging

    logging.disable_progress_bar()
    converters: Any = import_module("ctranslate2.converters")
    converter = converters.TransformersConverter(str(stock))
    converter.convert(str(out), quantization=quantization, force=True)
    path = out / "config.json"
    config = json.loads(path.read_text("utf-8"))
    # For GPT-2 it writes null where a tokenizer has no unknown token, and then cannot read that.
    config["unk_token"] = config.get("unk_token") or ""
    path.write_text(json.dumps(config), "utf-8")


def usage(source: Source) -> str:
    """By ctranslate2 and tokenizers."""
    return """```python
import ctranslate2
from tokenizers import Tokenizer

generator = ctranslate2.Generator("DIR")
tokenizer = Tokenizer.from_file("DIR/tokenizer.json")
asked = tokenizer.encode("高血压要").tokens
found = generator.generate_batch([asked], max_length=24, include_prompt_in_result=False)
print(tokenizer.decode(found[0].sequences_ids[0]))
```"""


def opened(source: Source, out: Path, weights: str) -> "Opened":
    """A generator, and the tokens by which it is asked."""
    return Opened(source, out)


class Opened:
    """`ctranslate2.Generator`."""

    def __init__(self, source: Source, out: Path) -> None:
        import tokenizers

        ctranslate2: Any = import_module("ctranslate2")
        self._generator = ctranslate2.Generator(str(out), device="cpu", intra_threads=1)
        self._tokenizer = tokenizers.Tokenizer.from_file(str(out / "tokenizer.json"))

    def logits(self, ids: Sequence[int]) -> np.ndarray:
        """See `parity.Engine`."""
        return np.array(self._generator.forward_batch([self._tokens(ids)]))[0]

    def greedy(self, rows: Sequence[Sequence[int]], n: int) -> list[list[int]]:
        """See `parity.Engine`."""
        found = self._generator.generate_batch(
            [self._tokens(ids) for ids in rows], max_length=n, include_prompt_in_result=False
        )
        return [each.sequences_ids[0] for each in found]

    def encode(self, texts: Sequence[str]) -> list[list[int]] | None:
        """None: it is asked by tokens."""

    def _tokens(self, ids: Sequence[int]) -> list[str | None]:
        return [self._tokenizer.id_to_token(i) for i in ids]
