"""The tokenizer as the stations use it: ids, bytes of every token, and a hash of it all."""

import hashlib
import json
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import tokenizers
from tokenizers.processors import TemplateProcessing

from prompt_gen.errors import Damaged
from prompt_gen.text import check_text
from prompt_gen.vocab.bytelevel import unspell

BOS, EOS = "<|bos|>", "<|eos|>"
SPECIAL_TOKENS = (BOS, EOS)  # ids 0 and 1, unless the vocabulary was made elsewhere
_BYTES = re.compile(r"(<0x[0-9A-F]{2}>)+")


class Tokenizer:
    """A `tokenizers.Tokenizer` with byte-level tokens.

    Special tokens are never read from text: a document that spells `<|eos|>` is encoded letter by
    letter and comes back as it was.
    """

    def __init__(self, inner: tokenizers.Tokenizer) -> None:
        inner.add_special_tokens(list(SPECIAL_TOKENS))
        ids = inner.get_vocab()
        self.bos_id, self.eos_id = ids[BOS], ids[EOS]
        inner.post_processor = TemplateProcessing(
            single=f"{BOS} $A", pair=f"{BOS} $A $B", special_tokens=[(BOS, self.bos_id)]
        )
        inner.encode_special_tokens = True
        self._inner = inner

    @property
    def size(self) -> int:
        """Number of entries, special tokens included."""
        return self._inner.get_vocab_size()

    @cached_property
    def json(self) -> str:
        """The whole tokenizer in the format of `tokenizer.json`."""
        return self._inner.to_str(pretty=False)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the tokenizer's content, hex."""
        content = json.dumps(json.loads(self.json), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()

    def encode(self, text: str) -> list[int]:
        """Token ids of a text, without special tokens.

        Raises:
            InvalidRequest: the text holds half of a surrogate pair, which no file can hold.
        """
        check_text(text)
        return self._inner.encode(text, add_special_tokens=False).ids

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of many texts, on all cores."""
        batch = self._inner.encode_batch_fast(list(texts), add_special_tokens=False)
        return [encoding.ids for encoding in batch]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids; bytes that are no whole character become U+FFFD."""
        return b"".join(self.token_bytes[i] for i in ids).decode("utf-8", "replace")

    @cached_property
    def token_bytes(self) -> list[bytes]:
        """The bytes of every token by id; special tokens have none."""
        added = self._inner.get_added_tokens_decoder()
        return [
            (b"" if added[i].special else added[i].content.encode("utf-8"))
            if i in added
            else unspell(self._inner.id_to_token(i) or "")
            for i in range(self.size)
        ]

    def readable(self, token_id: int) -> str:
        """A token as a line of `vocab.txt`: its text, or its bytes where it is no whole text.

        Backslashes, controls and the like are escaped as in Python.
        """
        data = self.token_bytes[token_id]
        if not data:
            return self._inner.id_to_token(token_id) or ""
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            return "".join(f"<0x{byte:02X}>" for byte in data)
        plain = text.isprintable() and "\\" not in text
        return text if plain else text.encode("unicode_escape").decode("ascii")

    def save(self, directory: Path) -> None:
        """Write `tokenizer.json`, and the config with which stock transformers load it."""
        (directory / "tokenizer.json").write_text(self.json, "utf-8")
        config = {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "bos_token": BOS,
            "eos_token": EOS,
            "pad_token": EOS,
            "clean_up_tokenization_spaces": False,
            "split_special_tokens": True,  # text that spells one is text
            "model_max_length": 1_000_000,
        }
        text = json.dumps(config, indent=1)
        (directory / "tokenizer_config.json").write_text(text + "\n", "utf-8")


def unreadable(line: str) -> str | None:
    """The text of a line that `readable` wrote; none, if the token is special or no whole text."""
    if line in SPECIAL_TOKENS or _BYTES.fullmatch(line):
        return None
    return line.encode("ascii").decode("unicode_escape") if "\\" in line else line


def load_tokenizer(directory: Path) -> Tokenizer:
    """The tokenizer of a directory.

    Raises:
        Damaged: there is none, or it cannot be read.
    """
    path = directory / "tokenizer.json"
    try:
        return Tokenizer(tokenizers.Tokenizer.from_str(path.read_text("utf-8")))
    except Exception as error:  # the Rust library raises bare Exceptions
        raise Damaged(f"'{path}' is not a tokenizer: {error}", "Make it again") from error
