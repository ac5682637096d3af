"""What all kinds share: text as bytes, each byte written as one printable character.

Source of the alphabet: the byte-to-character table of GPT-2 (Radford et al. 2019), which
`tokenizers` calls ByteLevel.
"""

from tokenizers import Regex, Tokenizer, decoders, pre_tokenizers
from tokenizers.models import Model

ALPHABET = sorted(pre_tokenizers.ByteLevel.alphabet())

# Where entries may join: letters with one sign before them, single digits, runs of signs, white
# space. It is, letter by letter, the split that llama.cpp knows by the name PRE_TOKENIZER, so that
# an exported model reads text as it was trained to. Runs are as long as they are; only `learning`
# bounds them.
PRE_TOKENIZER = "qwen2"
CLAUSES = (
    r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CHARACTERS = r"[\s\S]"


def assemble(model: Model, pattern: str, longest: int | None = None) -> Tokenizer:
    """A tokenizer that splits text by a pattern and models each piece's bytes.

    Pieces of more than `longest` characters, if given, are cut from the left.
    """
    patterns = [pattern] if longest is None else [pattern, rf"[\s\S]{{1,{longest}}}"]
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            *(pre_tokenizers.Split(Regex(p), "isolated") for p in patterns),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def pieces(text: str) -> list[str]:
    """The pieces of a text that CLAUSES never joins."""
    return [piece for piece, _ in _SPLIT.pre_tokenize_str(text)]


def spell(text: str) -> str:
    """The text's UTF-8 bytes in the alphabet."""
    return "".join(_CHARACTER_OF[byte] for byte in text.encode("utf-8"))


def unspell(token: str) -> bytes:
    """The bytes that a token of the alphabet stands for."""
    return bytes(_BYTE_OF[character] for character in token)


def _table() -> dict[int, str]:
    """Byte to character: printable Latin-1 stands for itself, the rest follow from U+0100 on."""
    own = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in own]
    return {b: chr(b) for b in own} | {b: chr(0x100 + i) for i, b in enumerate(others)}


_SPLIT = pre_tokenizers.Split(Regex(CLAUSES), "isolated")
_CHARACTER_OF = _table()
_BYTE_OF = {character: byte for byte, character in _CHARACTER_OF.items()}
