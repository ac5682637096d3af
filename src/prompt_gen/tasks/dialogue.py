"""Questions with their answers, or whole conversations, as JSON lines.

    {"question": "...", "answer": "..."}
    {"turns": [{"role": "user", "text": "..."}, {"role": "assistant", "text": "..."}, ...]}

`messages` and `content`, as chat APIs have them, are as good as `turns` and `text`. To the model a
conversation is a document with an end behind each turn: who speaks is known by whose turn it is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from prompt_gen.config import TuneConfig
from prompt_gen.corpus import sources
from prompt_gen.corpus.encoding import BAD_BYTES, SURROGATES
from prompt_gen.corpus.readers import Reading
from prompt_gen.errors import BadText
from prompt_gen.tasks.labelled import Labelled
from prompt_gen.tasks.tables import check_whole, objects
from prompt_gen.vocab import Tokenizer

HEAD = "ForCausalLM"
SCORE = "perplexity"
ROLES = ("user", "assistant")
_PAIR = '{"question": "...", "answer": "..."}'
_LISTS = {"turns": "text", "messages": "content"}  # name of a conversation, and of its texts


def read(paths: Sequence[str | Path], config: TuneConfig) -> list[Labelled]:
    """The conversations of files: pieces are turns, the user speaks first.

    Raises:
        BadText: a line without a question and an answer, or turns that are not by turns.
    """
    found: list[Labelled] = []
    with TemporaryDirectory() as kept_input:
        for source in sources.find(paths, "auto", Path(kept_input)):
            reading = Reading(source.path, source.name)
            if source.kind != "jsonl":
                raise BadText(
                    f"'{source.name}' is no file of JSON lines",
                    f"Name it .jsonl, with an object on each line: {_PAIR}",
                )
            for number, record in objects(reading, _PAIR):
                turns = [*_turns(record, f"'{source.name}', line {number:,}")]
                found.append(Labelled((*turns,), ()))
            check_whole(reading)
    return found


def _turns(record: dict[str, Any], place: str) -> Iterator[str]:
    name = next((name for name in _LISTS if name in record), None)
    if name is None:
        for field in ("question", "answer"):
            yield _text(record, field, place)
        return
    turns = record[name]
    if not isinstance(turns, list) or not turns or len(turns) % 2:
        raise BadText(
            f"{place}: '{name}' is no list of questions, each with its answer",
            "Give an even number of turns: those of user and of assistant one after the other",
        )
    for at, turn in enumerate(turns):
        here, role = f"{place}, turn {at + 1}", ROLES[at % 2]
        if not isinstance(turn, dict) or turn.get("role") != role:
            raise BadText(
                f"{here}: the role is not '{role}'", f"Roles are {' and '.join(ROLES)}, by turns"
            )
        yield _text(turn, _LISTS[name], here)


def _text(record: dict[str, Any], field: str, place: str) -> str:
    text = record.get(field)
    if not isinstance(text, str) or not text.strip():
        raise BadText(f"{place}: '{field}' is no text, or empty", f"Write {_PAIR}, or turns")
    if SURROGATES.search(text):
        raise BadText(f"{place}: '{field}': {BAD_BYTES}", "Mend it")
    return text.strip()


@dataclass(frozen=True)
class Spoken:
    """A piece of a conversation in tokens, and which of them are of answers, their ends too."""

    tokens: list[int]
    answers: list[bool]
    n_cut: int = 0  # tokens of a pair that had no room


def spoken(tokenizer: Tokenizer, turns: Sequence[str], n_most: int) -> list[Spoken]:
    """A conversation in pieces of whole pairs, of at most `n_most` tokens each.

    A pair that is longer than that alone loses the beginning of its question, to half of the room
    at most, then the end of its answer.
    """
    encoded = [[*ids, tokenizer.eos_id] for ids in tokenizer.encode_batch(turns)]
    found: list[Spoken] = []
    now = Spoken([tokenizer.bos_id], [False])
    for question, answer in zip(encoded[::2], encoded[1::2], strict=True):
        if len(now.tokens) > 1 and len(now.tokens) + len(question) + len(answer) > n_most:
            found.append(now)
            now = Spoken([tokenizer.bos_id], [False])
        room = n_most - len(now.tokens)
        asked = question[-max(room // 2, room - len(answer)) :]
        said = answer[: room - len(asked)]
        now = Spoken(
            now.tokens + asked + said,
            now.answers + [False] * len(asked) + [True] * len(said),
            now.n_cut + len(question) + len(answer) - len(asked) - len(said),
        )
    return [*found, now]


def before_answer(tokenizer: Tokenizer, turns: Sequence[str], n_most: int) -> list[int]:
    """The tokens that an answer to the last of `turns` goes on from.

    The last turns that fit into `n_most` tokens, questions and answers in pairs; the question
    itself is whole, however long it is.
    """
    encoded = [[*ids, tokenizer.eos_id] for ids in tokenizer.encode_batch(turns)]
    first = len(encoded) - 1
    n = 1 + len(encoded[first])
    while first >= 2 and (n := n + len(encoded[first - 1]) + len(encoded[first - 2])) <= n_most:
        first -= 2
    return [tokenizer.bos_id, *(token for turn in encoded[first:] for token in turn)]
