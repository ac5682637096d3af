"""The bundle's card: a README with its data, shape, numbers and the command that made it."""

from typing import Any


def write(manifest: dict[str, Any], report: dict[str, Any]) -> str:
    """The card as Markdown, with the header that model hubs read."""
    facts = manifest["facts"]
    corpus, training = facts.get("corpus", {}), facts.get("training", {})
    documents = corpus.get("documents", {})
    rows = [
        ("corpus", f"`{corpus.get('fingerprint', '')}`: {corpus.get('lines', 0):,} lines read"),
        ("documents", ", ".join(f"{n:,} {part}" for part, n in documents.items())),
        ("architecture", f"`{facts.get('architecture', '')}`, {facts.get('shape', '')}"),
        ("parameters", f"{training.get('parameters', 0):,}"),
        ("vocabulary", f"{facts.get('vocab_kind', '')}, {facts.get('vocab_size', 0):,} entries"),
        ("trained", f"{training.get('steps', 0):,} steps, {training.get('epochs', 0)} epochs, "
                    f"{training.get('seconds', 0):,.0f} s on {training.get('device', '')}"),
    ]  # fmt: skip
    if secrets := corpus.get("canaries"):
        rows.append(("canaries", f"{len(secrets)} made-up secrets are in the training text, to "
                                 "measure memorisation: not a model to use"))  # fmt: skip
    numbers = [(name.replace("_", " "), _number(value)) for name, value in _flat(report)]
    return f"""---
library_name: transformers
pipeline_tag: text-generation
tags: [prompt-gen, completion]
---

# {manifest["name"]}

A sentence completer trained by prompt-gen from scratch on one corpus.

{_table("data and shape", rows)}
{_table("evaluation", numbers or [("not yet evaluated", "")])}
Made with

    {facts.get("command") or "prompt-gen train"}

Use it with `prompt-gen complete DIR "text"`, `prompt-gen serve DIR`, or as a stock model:
`AutoModelForCausalLM.from_pretrained(DIR)` and `AutoTokenizer.from_pretrained(DIR)`.

A model can repeat what it was trained on. Share it only where the corpus itself may be shared.
"""


def _table(title: str, rows: list[tuple[str, str]]) -> str:
    lines = [f"| {title} | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)]
    return "\n".join(lines) + "\n"


def _flat(report: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    flat: list[tuple[str, Any]] = []
    for name, value in report.items():
        if isinstance(value, dict):
            flat += _flat(value, f"{prefix}{name}: ")
        elif isinstance(value, int | float | str):
            flat.append((prefix + name, value))
    return flat


def _number(value: Any) -> str:
    return f"{value:,.3f}" if isinstance(value, float) else str(value)
