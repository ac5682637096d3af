"""What is exported: the stock model and the tokenizer of a bundle, and what a target may ask."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from prompt_gen.bundle import Bundle
from prompt_gen.errors import UsageError
from prompt_gen.vocab import Tokenizer

_NOT_THE_NUMBERS = """The numbers above are those of the whole bundle, with its memory of the
training text and its search at the caret. This export is the network alone, which writes on
behind whole tokens."""


@dataclass(frozen=True)
class Source:
    """A bundle, seen by those who write it for other engines."""

    made: Bundle
    config: dict[str, Any]  # of the stock model
    runtime: Path | None = None  # onnxruntime-web, for the target that takes it along

    @classmethod
    def of(cls, made: Bundle, runtime: Path | None = None) -> "Source":
        """What a bundle has to export."""
        return cls(made, json.loads((made.path / "config.json").read_text("utf-8")), runtime)

    @property
    def path(self) -> Path:
        """The directory with `config.json` and `model.safetensors`."""
        return self.made.path

    @property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer that the model was trained with."""
        return self.made.tokenizer

    @property
    def architecture(self) -> str:
        """What transformers call the type of the model."""
        return self.config["model_type"]

    @property
    def context(self) -> int:
        """Tokens that the model can hold."""
        return self.config.get("max_position_embeddings") or self.config["n_positions"]

    @cached_property
    def tokenizer_parts(self) -> dict[str, Any]:
        """The content of `tokenizer.json`."""
        return json.loads(self.tokenizer.json)

    def check_architecture(self, target: str, known: tuple[str, ...]) -> None:
        """Refuse an architecture that a target does not know.

        Raises:
            UsageError: says which it knows.
        """
        if self.architecture not in known:
            raise UsageError(
                f"the target '{target}' cannot hold the architecture '{self.architecture}'",
                f"It holds: {', '.join(known)}. Use --to hf, which holds every architecture",
            )

    def card(self, usage: str, parity: dict[str, Any]) -> str:
        """The README of an export: the bundle's card, how to use it, and how it was checked."""
        card = (self.path / "README.md").read_text("utf-8").split("\nUse it with ")[0]
        return f"{card}\n{_NOT_THE_NUMBERS}\n\n## Use\n\n{usage}\n\n## Checked\n\n{told(parity)}\n"


def told(parity: dict[str, Any]) -> str:
    """What a check has found, in words."""
    if not parity["checked"]:
        return f"Not checked in its engine: {parity['why']}."
    lines = [
        f"Opened in {parity['engine']} and compared with the bundle: greedy continuations of "
        f"{parity['identical']} of {parity['prefixes']} prefixes are identical"
        + (f", {parity['ties']} differ between equally probable tokens" if parity["ties"] else "")
        + f"; log-probabilities differ by {parity['largest']:.2g} at most "
        f"(root mean square {parity['rms']:.2g}; bound {parity['bound']:.2g} "
        f"on the {parity['bounded']})."
    ]
    if parity.get("strings"):
        lines.append(
            f"Its tokenizer gives the same ids on {parity['same_ids']:,} of "
            f"{parity['strings']:,} strings."
        )
    return " ".join(lines)
