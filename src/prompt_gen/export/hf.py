"""Stock transformers: what `AutoModelForCausalLM` and `AutoTokenizer` open."""

import json
import shutil
from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np

from prompt_gen.export.source import Source

NEEDS = ()
ENGINE = ("transformers", "torch")
WEIGHTS = ("float32",)
_NEW_TOKENS = 24  # that `generate` writes unless it is told otherwise


def check(source: Source) -> None:
    """Any bundle: its model is a stock one."""


def bound(source: Source, weights: str) -> float:
    """Sums in another order."""
    return 1e-3


def export(source: Source, out: Path, weights: str) -> None:
    """The files that a bundle shares with stock transformers, and how `generate` ends a text."""
    for name in ("config.json", "model.safetensors"):
        shutil.copyfile(source.path / name, out / name)
    source.tokenizer.save(out)
    how = {
        "bos_token_id": source.tokenizer.bos_id,
        "eos_token_id": source.tokenizer.eos_id,
        "pad_token_id": source.tokenizer.eos_id,
        "max_new_tokens": min(_NEW_TOKENS, source.context // 2),
    }
    (out / "generation_config.json").write_text(json.dumps(how, indent=1) + "\n", "utf-8")


def usage(source: Source) -> str:
    """By transformers alone."""
    return """```python
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("DIR")
model = AutoModelForCausalLM.from_pretrained("DIR")
asked = tokenizer("高血压要", return_tensors="pt", return_token_type_ids=False)
print(tokenizer.decode(model.generate(**asked)[0], skip_special_tokens=True))
```"""


def opened(source: Source, out: Path, weights: str) -> "Opened":
    """The model and the tokenizer as transformers load them."""
    return Opened(out)


class Opened:
    """`AutoModelForCausalLM` and `AutoTokenizer`."""

    def __init__(self, out: Path) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()
        self._torch = torch
        self._tokenizer: Any = AutoTokenizer.from_pretrained(out)
        self._model: Any = AutoModelForCausalLM.from_pretrained(out).eval()

    def logits(self, ids: Sequence[int]) -> np.ndarray:
        """See `parity.Engine`."""
        with self._torch.inference_mode():
            return self._model(self._torch.tensor([list(ids)])).logits[0].numpy()

    def greedy(self, rows: Sequence[Sequence[int]], n: int) -> list[list[int]]:
        """See `parity.Engine`; by `generate`, which finds the end in its own settings."""
        end = self._tokenizer.eos_token_id
        longest = max(map(len, rows))
        filled = [[end] * (longest - len(ids)) + list(ids) for ids in rows]
        is_text = [[0] * (longest - len(ids)) + [1] * len(ids) for ids in rows]
        tensor = self._torch.tensor
        with self._torch.inference_mode():
            found = self._model.generate(
                tensor(filled), attention_mask=tensor(is_text), max_new_tokens=n
            ).tolist()
        return [list(takewhile(lambda token: token != end, row[longest:])) for row in found]

    def encode(self, texts: Sequence[str]) -> list[list[int]] | None:
        """See `parity.Engine`."""
        return self._tokenizer(list(texts)).input_ids
