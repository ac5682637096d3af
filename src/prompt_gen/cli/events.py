"""What events say on the terminal: a line or some for each kind, one row of the table each."""

from typing import Any

from prompt_gen.cli import live
from prompt_gen.cli.show import short
from prompt_gen.run import Event


def text(event: Event, is_live: bool) -> str:
    """What stays on the terminal of an event that is no progress; '' where nothing does."""
    if event.state == "skipped":
        return f"{event.station}: unchanged, kept"
    if event.state == "note":
        if "warning" in event.facts:
            return f"{event.station}: warning: {event.facts['warning']}"
        if "resumed_at_step" in event.facts:
            return f"{event.station}: goes on at step {event.facts['resumed_at_step']:,}"
        if "told" in event.facts:
            return f"{event.station}: {event.facts['told']}"
        if "validation_score" in event.facts:
            return _score_look(event.facts)
        if "validation_bits_per_char" in event.facts:
            return "" if is_live else _training_look(event.facts)
        return f"{event.station}: {_flat(event.facts)}"
    written = _TEXTS.get((event.station, event.state))
    return written(event.facts) if written else ""


def progress(event: Event) -> str:
    """How far a station is."""
    share = event.done / event.total if event.total else 0.0
    facts = dict(event.facts)
    left = facts.pop("left_s", None)
    said = f"{event.station}: {share:4.0%}  {_flat(facts)}"
    return said if left is None else f"{said}  {live.clock(left)} left"


def _corpus(facts: dict[str, Any]) -> str:
    documents = ", ".join(f"{n:,} {part}" for part, n in sorted(facts["documents"].items()))
    fates = ", ".join(f"{n:,} {fate}" for fate, n in facts["fates"].items())
    files = facts["files"]
    lines = [f"{facts['lines']:,} lines of {len(files):,} files: {fates}", documents]
    if len(files) == 1:
        lines[0] = f"{facts['lines']:,} lines read ({_way(files[0])}): {fates}"
    elif fields := sorted({", ".join(f["fields"]) for f in files if "fields" in f}):
        lines.append(f"fields taken: {'; '.join(fields)}")
    near = facts["near_duplicates"]
    if near["documents"]:
        lines[1] += f"; {near['documents']:,} near-duplicates in {near['groups']:,} groups"
    for name, what in (("rules", "cleaned"), ("private", "private data")):
        if facts[name]:
            counts = sorted(facts[name].items(), key=lambda item: -item[1])
            lines.append(f"{what}: " + ", ".join(f"{n:,} {which}" for which, n in counts))
    for file in files:
        if "bad_bytes" in file:
            offsets = ", ".join(f"{offset:,}" for offset in file["bad_offsets"][:3])
            lines.append(
                f"warning: '{file['name']}': {file['bad_bytes']:,} times a byte that fits no "
                f"character, at {offsets}{' ...' if file['bad_bytes'] > 3 else ''}"
            )
        if "damage" in file:
            lines.append(f"warning: '{file['name']}': {file['damage']}")
    return "corpus: " + "\n        ".join(lines)


def _way(file: dict[str, Any]) -> str:
    """How a file was read: its encoding, and the fields that were taken."""
    fields = [f"field {', '.join(file['fields'])}"] if "fields" in file else []
    return ", ".join([file.get("encoding", file["format"]), *fields])


def _shards(facts: dict[str, Any]) -> str:
    n_tokens = facts["train_tokens"]
    text = f"shards: {n_tokens:,} training tokens, "
    text += f"{facts['train_chars'] / max(1, n_tokens):.2f} characters each"
    if facts["kept"]:
        text += f"\n        {facts['kept']:,} documents kept, {facts['encoded']:,} new ones encoded"
    return text


def _memory(facts: dict[str, Any]) -> str:
    """What is remembered; and what it costs, where documents had to be left out."""
    text = (
        f"memory: {facts['documents']:,} of {facts['of_documents']:,} documents in "
        f"{facts['bytes'] / facts['text_bytes']:.2f} bytes for each of the text, "
        f"{facts['bits_per_char']:.2f} bits per character on validation lines alone"
    )
    if whole := facts.get("unpruned_bits_per_char"):
        text += f" ({whole:.2f} with all: more room by --memory-budget)"
    return text


def _vocab_start(facts: dict[str, Any]) -> str:
    chars = f"{facts['chars']:,} characters"
    if "size" not in facts:
        return f"vocab: {facts['kind']}, checked on {chars}"
    size = f"{facts['size']:,} entries"
    if facts["auto"]:
        size += " (one for every 20 characters, at least 1,024, at most 8,192)"
    share = f"about {facts['sample_chars']:,} of" if facts["sampled"] else "all"
    return f"vocab: fitting {facts['kind']} with up to {size}, learning from {share} {chars}"


_STARTS = {
    "bigrams": "weights begin as the bigrams of the text",
    "previous": "weights begin with heads that look at the tokens before",
    "random": "weights begin at random",
    "pretrained": "weights go on from what they have learned",
}


def _training_forecast(facts: dict[str, Any]) -> str:
    lines = [
        f"{facts['steps']:,} steps of {facts['shape']}, {facts['epochs']} epochs, "
        f"{facts['tokens_per_s']:,.0f} tokens/s: {live.clock(facts['seconds'])}, "
        f"until {facts['ends_at'].partition('T')[2][:8]}",
        f"{facts['parameters']:,} parameters, {facts['memory_mb']:,.0f} MB of memory; "
        f"{_STARTS[facts['start']]}",
    ]
    bits, counted = facts["bits_per_char"], facts["references"]
    lines.append(
        f"expected {bits['middle']:.2f} ({bits['low']:.2f} to {bits['high']:.2f}) bits per "
        f"character on validation; Kneser-Ney has {counted['kneser_ney']:.2f}"
    )
    lines += [f"warning: {warning}" for warning in facts["warnings"]]
    return "forecast: " + "\n          ".join(lines)


def _training_start(facts: dict[str, Any]) -> str:
    return (
        f"training: {facts['parameters']:,} parameters on {facts['device']} "
        f"({facts['threads']} threads), {facts['train_tokens']:,} tokens of text, "
        f"{facts['batch_tokens']:,} in a batch"
    )


def _training_look(facts: dict[str, Any]) -> str:
    """A look at the validation lines: the network beside counts, and what it writes."""
    text = (
        f"training: {facts['validation_bits_per_char']:.2f} bits per character on validation lines"
        f"{_beside(facts['references'])}, {facts['training_bits_per_char']:.2f} on training lines"
    )
    if written := facts.get("samples"):
        text += "\n          " + "  ".join(map(live.visible, written))
    return text


def _beside(references: dict[str, float]) -> str:
    known = {
        shown: references[name] for name, shown in live.REFERENCES.items() if name in references
    }
    listed = ", ".join(f"{shown} {bits:.2f}" for shown, bits in known.items())
    return f" ({listed})" if listed else ""


def _score_look(facts: dict[str, Any]) -> str:
    return (
        f"training: step {facts['step']:,}, {facts['epochs']:.1f} epochs: {facts['score']} "
        f"{facts['validation_score']:.3f} on validation texts, "
        f"{facts['training_score']:.3f} on training texts"
    )


def _training_done(facts: dict[str, Any]) -> str:
    if "validation_score" in facts:
        reached = f"{facts['score']} {facts['validation_score']:.3f} on validation texts"
    else:
        reached = (
            f"{facts['validation_bits_per_char']:.3f} bits per character on validation lines"
            f"{_beside(facts['references'])}"
        )
    return (
        f"training: {facts['steps']:,} steps, {facts['epochs']} epochs in "
        f"{live.clock(facts['seconds'])}; kept are the weights {_of_best(facts)}: {reached}"
    )


def _of_best(facts: dict[str, Any]) -> str:
    if facts["best_is_mean"]:
        return f"that are the mean of the last steps before {facts['best_step']:,}"
    return f"of step {facts['best_step']:,}, the best look"


_TEXTS = {
    ("corpus", "done"): _corpus,
    ("vocab", "start"): _vocab_start,
    ("vocab", "done"): lambda f: f"vocab: {f['kind']}, {f['size']:,} entries",
    ("shards", "done"): _shards,
    ("memory", "start"): lambda f: f"memory: sorting {f['tokens']:,} tokens of training text",
    ("memory", "done"): _memory,
    ("memory", "mixed"): lambda f: (
        f"memory: {f['both']:.2f} bits per character on validation lines with both, "
        f"{f['network']:.2f} by the network alone, {f['memory']:.2f} by the memory alone"
    ),
    ("training", "forecast"): _training_forecast,
    ("training", "start"): _training_start,
    ("training", "count"): lambda f: (
        f"training: counting n-grams of {f['tokens']:,} tokens to compare with"
    ),
    ("training", "done"): _training_done,
    ("evaluate", "compare"): lambda f: (
        f"evaluate: comparing {f['columns']} columns of {f['numbers']} numbers"
    ),
    ("evaluate", "start"): lambda f: (
        f"evaluate: {f['lines']:,} lines, {f['typed']:,} of them typed key by key"
    ),
    ("export", "start"): lambda f: f"export: {f['target']}, weights in {f['weights']}",
    ("export", "check"): lambda f: f"export: comparing it with the bundle in {f['engine']}",
    ("export", "done"): lambda f: f"export: {f['out']}, {f['bytes'] / 1e6:,.1f} MB",
    ("compress", "start"): lambda f: f"compress: {f['method']}",
    ("measure", "start"): lambda f: (
        f"measure: {f['bundles']} bundles side by side, {f['lines']:,} lines, {f['typed']:,} of "
        "them typed key by key"
    ),
    ("bench", "start"): lambda f: f"bench: {f['lines']:,} lines, {f['keys']:,} keys for each side",
}


def _flat(facts: dict[str, Any]) -> str:
    known = {name: value for name, value in facts.items() if value == value}  # NaN: not yet
    return "  ".join(f"{name.replace('_', ' ')} {short(value)}" for name, value in known.items())
