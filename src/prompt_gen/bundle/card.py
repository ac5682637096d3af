"""The bundle's card: a README with its data, shape, numbers and the command that made it."""

from typing import Any


def write(
    manifest: dict[str, Any], report: dict[str, Any], compressed: dict[str, Any] | None = None
) -> str:
    """The card as Markdown, with the header that model hubs read.

    `compressed` are the numbers of a bundle that was made smaller, beside those of the other.
    """
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
    if bits := facts.get("memory", {}).get("bits_per_char"):
        halves = ", ".join(f"{name} {value:.2f}" for name, value in bits.items())
        rows.append(("memory", f"the training text itself; bits per character of validation "
                               f"lines: {halves}"))  # fmt: skip
    if secrets := corpus.get("canaries"):
        rows.append(("canaries", f"{len(secrets)} made-up secrets are in the training text, to "
                                 "measure memorisation: not a model to use"))  # fmt: skip
    return f"""---
library_name: transformers
pipeline_tag: text-generation
tags: [prompt-gen, completion]
---

# {manifest["name"]}

A sentence completer trained by prompt-gen from scratch on one corpus.

{_table("data and shape", rows)}
{_table("evaluation, with 95 % intervals", _evaluation(report))}
{_compression(compressed) if compressed else ""}Made with

    {facts.get("command") or "prompt-gen train"}

{_USE["model.safetensors" in manifest["files"]]}

{_SHARING["memory" in facts]} Share it only where the corpus itself may be shared.
"""


_USE = {
    True: """Use it with `prompt-gen complete DIR "text"`, `prompt-gen serve DIR`, or as a stock
model: `AutoModelForCausalLM.from_pretrained(DIR)` and
`AutoTokenizer.from_pretrained(DIR)`.""",
    False: """Use it with `prompt-gen complete DIR "text"` or `prompt-gen serve DIR`. Its weights
are in the graph alone: stock transformers cannot open it.""",
}
_SHARING = {
    False: "A model can repeat what it was trained on.",
    True: "The training text is in `memory/`, and a model can repeat what it was trained on.",
}


def _table(title: str, rows: list[tuple[str, str]]) -> str:
    lines = [f"| {title} | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)]
    return "\n".join(lines) + "\n"


def _evaluation(report: dict[str, Any]) -> list[tuple[str, str]]:
    """The headline numbers with their intervals, and on what they were measured."""
    if "headline" not in report:
        return [("not yet evaluated", "")]
    lines = report["lines"]
    rows = [("lines", f"{lines['n']:,} ({lines['source']}), {lines['typed']:,} typed key by key")]
    return rows + [(f"`{name}`", _number(row)) for name, row in report["headline"].items()]


def _number(row: dict[str, float]) -> str:
    shown = f"{row['value']:,.3f}"
    return f"{shown} ({row['low']:,.3f} to {row['high']:,.3f})" if "low" in row else shown


def _compression(found: dict[str, Any]) -> str:
    """What was measured side by side when it was made smaller, a row for each bundle."""
    names = [name for name in found["rows"][0] if name != "name"]
    lines = ["| made smaller | " + " | ".join(f"`{name}`" for name in names) + " |"]
    lines.append("|---" * (len(names) + 1) + "|")
    for row in found["rows"]:
        cells = " | ".join(_number(row[name]) if row[name] else "" for name in names)
        lines.append(f"| {row['name']} | {cells} |")
    return "\n".join(lines) + "\n\n"
