"""A vocabulary that was made elsewhere: a list of words, or a `tokenizer.json`.

A list of words becomes a unigram tokenizer with those entries, their weights counted in the
corpus, and all bytes beside them. A tokenizer of `tokenizers` is taken as it is, if any text comes
back from it and the bytes of every token are known; otherwise it is refused with the reason.
"""

import json
import re
from collections.abc import Iterable
from itertools import chain, islice
from pathlib import Path
from typing import Any

import tokenizers
from tokenizers import decoders, models, pre_tokenizers

from prompt_gen.errors import DataError, NotFound, from_os_error
from prompt_gen.vocab import bytelevel, unigram
from prompt_gen.vocab.tokenizer import SPECIAL_TOKENS, Tokenizer, unreadable

# Text that tokenizers for one purpose change or drop: spaces, signs put together, controls, case,
# rare scripts, emoji of several characters, forms that normalization would join.
HOSTILE = (
    " ", "  高血压  ", "a  b\t\tc\r\n\n d ", "ＨｂＡ１ｃ ﬁ ½ ㎎ İı", "It's DON'T 38.5℃,!?…——《》",
    "e\u0301 é 한글 \u1112\u1161\u11ab", "\x00\x01\x1f\x7f\x85\u200b\u2028\ufeff\ufffd\U0010ffff",
    "👩\u200d👩\u200d👧🏽🇨🇳", "龘𠮷﷽", "مرحبا नमस्ते ไทย שלום", "x" * 300, "好" * 300,
    "[UNK] [PAD] <s> </s> <unk> <0x0A> ▁ Ġ ##", "".join(SPECIAL_TOKENS),
)  # fmt: skip
_PAIR, _GPT2_END = "vocab.json", "<|endoftext|>"
_NAMES = ("tokenizer.json", _PAIR, "vocab.txt")
_BATCH = 1000  # texts that are encoded at a time
_MARKER = re.compile(r"\[(UNK|PAD|CLS|SEP|MASK|BOS|EOS|unused\d+)\]|</?s>|<(unk|pad)>|<\|\w+\|>")
_WAY_OUT = (
    "Bring a byte-level tokenizer.json (as GPT-2, Qwen or prompt-gen have) or a vocab.txt with one "
    "word per line, or leave vocab.source out"
)


def adopt(path: Path, texts: Iterable[str]) -> tuple[Tokenizer, list[str]]:
    """The tokenizer that a file stands for, and remarks for whoever brought it.

    Raises:
        NotFound, StorageError: the file cannot be read.
        DataError: it cannot be used; says why.
    """
    text = _read(path)
    return _tokenizer(path, text, texts) if path.suffix == ".json" else _words(path, text, texts)


def find(directory: Path) -> Path:
    """The file in a stock directory that its vocabulary can be taken from.

    Raises:
        NotFound: there is none.
    """
    for name in _NAMES:
        if (directory / name).is_file():
            return directory / name
    raise NotFound(f"no vocabulary in '{directory}'", f"Put one there: {', '.join(_NAMES)}")


def files(path: Path) -> list[Path]:
    """The file, and the one that belongs to it."""
    return [path, path.with_name("merges.txt")] if path.name == _PAIR else [path]


def rows(path: Path, tokenizer: Tokenizer) -> list[int | None]:
    """For each token its number in the file that the tokenizer was adopted from, or none."""
    text = _read(path)
    if path.suffix == ".json":
        n_known = tokenizers.Tokenizer.from_str(text).get_vocab_size()
        return [i if i < n_known else None for i in range(tokenizer.size)]
    numbers: dict[bytes, int] = {}
    for number, word in enumerate(_listed(text)):
        numbers.setdefault(word.encode("utf-8"), number)
    return [numbers.get(data) if data else None for data in tokenizer.token_bytes]


def _read(path: Path) -> str:
    try:
        if path.name == _PAIR:
            return _joined(path)
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise from_os_error(error) from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"'{path}' is not UTF-8: byte {error.start} is 0x{error.object[error.start]:02x}",
            "Convert it to UTF-8",
        ) from error


def _joined(path: Path) -> str:
    """The tokenizer that `vocab.json` and `merges.txt` of GPT-2 stand for together."""
    for file in files(path):
        file.open("rb").close()  # an error of the operating system says which is missing
    try:
        inner = tokenizers.Tokenizer(models.BPE.from_file(*map(str, files(path))))
    except Exception as error:  # the Rust library raises bare Exceptions
        raise DataError(f"'{path}' is not a tokenizer: {error}", _WAY_OUT) from error
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    if inner.token_to_id(_GPT2_END) is not None:
        inner.add_special_tokens([_GPT2_END])
    return inner.to_str()


def _listed(text: str) -> list[str]:
    """The word of each line; empty where it is none."""
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[0] == SPECIAL_TOKENS[0]:
        read = [unreadable(line) or "" for line in lines]
    else:
        read = [line.strip().removeprefix("##") for line in lines]
    return ["" if _MARKER.fullmatch(word) else word for word in read]


def _words(path: Path, text: str, texts: Iterable[str]) -> tuple[Tokenizer, list[str]]:
    """From one entry per line, as `vocab.txt` of prompt-gen, of the book or of BERT has them."""
    entries = list(dict.fromkeys(word for word in _listed(text) if word))
    if not entries:
        raise DataError(f"'{path}' holds no word", _WAY_OUT)
    remarks = []
    if n_apart := sum(len(bytelevel.pieces(entry)) > 1 for entry in entries):
        remarks.append(
            f"{n_apart:,} of {len(entries):,} entries are never used: they run across a border "
            "(behind a digit or a sign, or before a space)"
        )
    return Tokenizer(unigram.assemble(unigram.weigh(entries, texts))), remarks


def _tokenizer(path: Path, text: str, texts: Iterable[str]) -> tuple[Tokenizer, list[str]]:
    try:
        content = json.loads(text)
        if not isinstance(content, dict) or not isinstance(content.get("model"), dict):
            raise ValueError("it has no 'model'")
        remarks = _strip(content)
        inner = tokenizers.Tokenizer.from_str(json.dumps(content))
    except Exception as error:  # the Rust library raises bare Exceptions
        raise DataError(f"'{path}' is not a tokenizer: {error}", _WAY_OUT) from error
    _check_bytes(path, inner)
    inner.decoder = decoders.ByteLevel()
    tokenizer = Tokenizer(inner)
    added = [f"a {token.content} b" for token in inner.get_added_tokens_decoder().values()]
    _check_lossless(path, tokenizer, chain(HOSTILE, added, texts))
    if n_split := sum(map(_splits_a_character, tokenizer.token_bytes)):
        remarks.append(
            f"{n_split:,} of {tokenizer.size:,} tokens join parts of characters; "
            "completion is less exact in front of them"
        )
    return tokenizer, remarks


def _strip(content: dict[str, Any]) -> list[str]:
    """Take out what would change text, cut it, or make its tokens a matter of chance."""
    remarks = []
    if content.get("normalizer"):
        remarks.append(f"its normalizer ({content['normalizer']['type']}) is left out: text stays")
    for part in ("normalizer", "truncation", "padding"):
        content[part] = None
    if content["model"].get("dropout"):
        content["model"]["dropout"] = None
        remarks.append("its dropout is left out: the same text gives the same tokens")
    return remarks


def _check_bytes(path: Path, inner: tokenizers.Tokenizer) -> None:
    """Every token spells bytes in the alphabet, every byte is a token, ids have no gaps."""
    ids, alphabet = inner.get_vocab(), set(bytelevel.ALPHABET)
    if sorted(ids.values()) != list(range(len(ids))):
        raise DataError(f"'{path}' has gaps between its token ids", _WAY_OUT)
    added = {token.content for token in inner.get_added_tokens_decoder().values()}
    spelled = ids.keys() - added
    if odd := sorted(token for token in spelled if not alphabet.issuperset(token)):
        raise DataError(
            f"'{path}' has {len(odd):,} tokens whose bytes are not known, e.g. {odd[0]!r} "
            f"(id {ids[odd[0]]}): it is not byte-level",
            _WAY_OUT,
        )
    if missing := sorted(alphabet - spelled):
        bytes_ = ", ".join(f"0x{bytelevel.unspell(m)[0]:02X}" for m in missing[:3])
        raise DataError(f"'{path}' has no token for {len(missing)} bytes ({bytes_} ...)", _WAY_OUT)


def _check_lossless(path: Path, tokenizer: Tokenizer, texts: Iterable[str]) -> None:
    waiting = iter(texts)
    while batch := list(islice(waiting, _BATCH)):
        for text, ids in zip(batch, tokenizer.encode_batch(batch), strict=True):
            if (found := tokenizer.decode(ids)) != text:
                raise DataError(f"'{path}' loses text: {_difference(text, found)}", _WAY_OUT)


def _difference(text: str, found: str) -> str:
    """Where two texts part."""
    pairs = zip(text, found, strict=False)
    at = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(text), len(found)))
    near = slice(max(0, at - 8), at + 8)
    return f"{text[near]!r} comes back as {found[near]!r} (character {at})"


def _splits_a_character(data: bytes) -> bool:
    """Whether a token joins a part of one character with (a part of) another."""
    n_characters = sum(byte & 0xC0 != 0x80 for byte in data[1:]) + 1
    return n_characters > 1 and data.decode("utf-8", "replace").encode("utf-8") != data
