"""CTranslate2: the stock directory converted to int8; alternatives, and beams."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from prompt_gen.export.ctranslate2 import convert
from prompt_gen.replay.peers import Way, context

NEEDS = ("ctranslate2", "torch", "transformers")  # the last two convert


def ways(stock: Path, threads: int) -> dict[str, Way]:
    """The most probable first tokens, each gone on with greedily; and a beam search."""
    converted = Converted(stock, threads)

    def beam(typed: str, n: int, n_tokens: int) -> list[str]:
        return converted.generate(typed, n, n_tokens, beam_size=n)

    return {"alternatives": converted.alternatives, "beam": beam}


class Converted:
    """A generator with converted weights, and the tokenizer without transformers around it."""

    def __init__(self, stock: Path, threads: int, compute_type: str = "int8") -> None:
        import tokenizers

        ctranslate2: Any = import_module("ctranslate2")  # checks pass where it is not installed
        self._context = context(stock)
        self._tokenizer: Any = tokenizers.Tokenizer.from_file(str(stock / "tokenizer.json"))
        with TemporaryDirectory() as directory:  # once it is loaded nothing is read from there
            convert(stock, Path(directory))
            self._generator: Any = ctranslate2.Generator(
                directory,
                device="cpu",
                compute_type=compute_type,
                inter_threads=1,
                intra_threads=threads,
            )

    def generate(self, typed: str, n: int, n_tokens: int, **how: Any) -> list[str]:
        """What the generator writes behind a text."""
        return self._written(self._asked(typed, n_tokens), n, n_tokens, **how)

    def alternatives(self, typed: str, n: int, n_tokens: int) -> list[str]:
        """The n most probable first tokens, each gone on with greedily."""
        asked = self._asked(typed, n_tokens)
        # Here, and only here, the length counts what is asked, too, but for its first token.
        return self._written(asked, n, len(asked) - 1 + n_tokens, return_alternatives=True)

    def _asked(self, typed: str, n_tokens: int) -> list[str]:
        return self._tokenizer.encode(typed).tokens[n_tokens - self._context :]

    def _written(self, asked: list[str], n: int, max_length: int, **how: Any) -> list[str]:
        found = self._generator.generate_batch(
            [asked],
            max_length=max_length,
            num_hypotheses=n,
            include_prompt_in_result=False,  # it is read at once, not token by token
            **how,
        )
        return [self._tokenizer.decode(ids) for ids in found[0].sequences_ids]

    def logits(self, ids: Sequence[int]) -> np.ndarray:
        """What the model says behind each token of one row, float32."""
        tokens = [self._tokenizer.id_to_token(i) for i in ids]
        return np.array(self._generator.forward_batch([tokens]))[0]
