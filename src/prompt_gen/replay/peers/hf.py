"""Stock transformers in float32: beams, and samples."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prompt_gen.replay.peers import Way, context

NEEDS = ("torch", "transformers")


def ways(stock: Path, threads: int) -> dict[str, Way]:
    """`generate` with as many beams as continuations are asked for, and with samples."""
    stocked = Stocked(stock, threads)

    def beam(typed: str, n: int, n_tokens: int) -> list[str]:
        return stocked.generate(typed, n, n_tokens, num_beams=n, do_sample=False)

    def samples(typed: str, n: int, n_tokens: int) -> list[str]:
        return stocked.generate(typed, n, n_tokens, do_sample=True)

    return {"beam": beam, "samples": samples}


class Stocked:
    """The model and the tokenizer as transformers load them."""

    def __init__(self, stock: Path, threads: int) -> None:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
        from transformers.utils import logging

        logging.disable_progress_bar()
        torch.set_num_threads(threads)
        torch.manual_seed(0)
        self._torch, self._context = torch, context(stock)
        self._tokenizer: Any = AutoTokenizer.from_pretrained(stock)
        self._model: Any = AutoModelForCausalLM.from_pretrained(stock).eval()

    def generate(self, typed: str, n: int, n_tokens: int, **how: Any) -> list[str]:
        """What `generate` writes behind a text."""
        asked = self._tokenizer(typed, return_tensors="pt", return_token_type_ids=False)
        asked = {name: row[:, n_tokens - self._context :] for name, row in asked.items()}
        with self._torch.inference_mode():
            rows = self._model.generate(
                **asked, max_new_tokens=n_tokens, num_return_sequences=n, **how
            )
        new = rows[:, asked["input_ids"].shape[1] :]
        return self._tokenizer.batch_decode(new, skip_special_tokens=True)

    def logits(self, ids: Sequence[int]) -> Any:
        """What the model says behind each token of one row, float32."""
        with self._torch.inference_mode():
            return self._model(self._torch.tensor([list(ids)])).logits[0].numpy()
