"""A vocabulary without the entries that are missed least; text that held them takes more of others.

Which those are depends on the kind: of BPE the last merges, of unigram the lowest scores, of a list
by frequency (wordpiece, char) its end. Bytes and special tokens stay, so every text can be encoded.
"""

import json
from typing import Any

import tokenizers

from prompt_gen.errors import SettingError
from prompt_gen.vocab import bytelevel
from prompt_gen.vocab.tokenizer import Tokenizer


def cut(tokenizer: Tokenizer, size: int) -> tuple[Tokenizer, list[int]]:
    """The vocabulary with `size` entries, and the id that each of them had before.

    Raises:
        SettingError: that many, or fewer, there are already; or bytes would have to go.
    """
    content = json.loads(tokenizer.json)
    model = content["model"]
    ids = _ids(content)
    stays = {token["content"] for token in content["added_tokens"]} | set(bytelevel.ALPHABET)
    ranked = [entry for entry in _ranked(model) if entry not in stays]
    n_least = len(ids) - len(ranked)
    if not n_least <= size < len(ids):
        raise SettingError(
            f"setting 'compress.vocab_size' is {size:,}, and the vocabulary has {len(ids):,} "
            "entries",
            f"Choose a number from {n_least:,} (bytes and special tokens) to {len(ids) - 1:,}",
        )
    gone = set(ranked[size - n_least :])
    old_ids = sorted(i for entry, i in ids.items() if entry not in gone)
    new_ids = {old: new for new, old in enumerate(old_ids)}
    _leave_out(model, gone, new_ids)
    for token in content["added_tokens"]:
        token["id"] = new_ids[token["id"]]
    return Tokenizer(tokenizers.Tokenizer.from_str(json.dumps(content))), old_ids


def _ids(content: dict[str, Any]) -> dict[str, int]:
    vocab = content["model"]["vocab"]
    if isinstance(vocab, list):  # unigram: entries with their scores
        vocab = {entry: i for i, (entry, _) in enumerate(vocab)}
    return vocab | {token["content"]: token["id"] for token in content["added_tokens"]}


def _ranked(model: dict[str, Any]) -> list[str]:
    """Entries from those that are missed most to those that are missed least."""
    if model["type"] == "Unigram":
        return [entry for entry, _ in sorted(model["vocab"], key=lambda row: (-row[1], row[0]))]
    if merges := model.get("merges"):
        return list(dict.fromkeys(left + right for left, right in merges))
    return sorted(model["vocab"], key=model["vocab"].__getitem__)


def _leave_out(model: dict[str, Any], gone: set[str], new_ids: dict[int, int]) -> None:
    if isinstance(model["vocab"], list):
        model["vocab"] = [row for row in model["vocab"] if row[0] not in gone]
        return
    model["vocab"] = {entry: new_ids[i] for entry, i in model["vocab"].items() if entry not in gone}
    if "merges" in model:
        model["merges"] = [pair for pair in model["merges"] if not gone & {*pair, "".join(pair)}]
