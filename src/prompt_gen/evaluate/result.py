"""What an evaluation found, for people and programs."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prompt_gen.storage import write_atomic

FORMAT = 1
HEADLINE = (
    "bits_per_char",
    "saved",
    "ceiling",
    "saved_lazy",
    "success",
    "mrr",
    "recited",
    "p50_ms",
    "p95_ms",
)
_TEXTS = ("examples", "worst", "memorised", "canaries")  # they quote the corpus


@dataclass(frozen=True)
class Report:
    """The JSON-able contents: `predictors` (the model first) with their numbers, `differences`,
    `verdicts`, examples, and how it was measured. A number is `{"value", "low", "high"}`."""

    contents: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return self.contents

    @property
    def numbers(self) -> dict[str, dict[str, float]]:
        """The model's numbers by name."""
        return self.contents["predictors"][0]["numbers"]

    def value(self, name: str) -> float | None:
        """One of the model's numbers; none where it was not measured."""
        row = self.numbers.get(name)
        return None if row is None else row["value"]

    @property
    def headline(self) -> dict[str, dict[str, float]]:
        """The numbers to decide by; of those over the first k candidates the largest k."""
        largest = {name.partition("@")[0]: name for name in self.numbers}
        return {
            largest[base]: self.numbers[largest[base]]
            for base in HEADLINE
            if self.numbers.get(largest.get(base, ""))
        }

    def for_bundle(self) -> dict[str, Any]:
        """The contents without what quotes the corpus: a bundle may be given away."""
        kept = {name: part for name, part in self.contents.items() if name not in _TEXTS}
        return kept | {"headline": self.headline}

    def save(self, path: str | Path) -> Path:
        """Write the page (.html) or the contents (.json) to a file."""
        path = Path(path)
        if path.suffix.lower() == ".json":
            write_atomic(path, json.dumps(self.contents, ensure_ascii=False, indent=1) + "\n")
            return path
        from prompt_gen.evaluate import report

        return report.write(self.contents, self.contents["predictors"][0]["title"], path)
