"""Answers to questions, by a bundle that was tuned for dialogues."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from prompt_gen.bundle import Bundle
from prompt_gen.engine.answered import FILE, Answered, Questions
from prompt_gen.engine.covers import Cover, Vocabulary
from prompt_gen.engine.generating import Generation, Generator, Prompt
from prompt_gen.engine.runtime import Graph
from prompt_gen.engine.sharing import Shared
from prompt_gen.errors import TextTooLong, UsageError
from prompt_gen.tasks.dialogue import before_answer


def _never() -> bool:
    return False


class Chat:
    """A bundle that was tuned for `dialogue`, ready to answer. Safe to call from several threads.

    Raises:
        UsageError: the bundle was not tuned for it.
        Damaged, Mismatch: see `runtime.session`.
    """

    def __init__(self, loaded: Bundle, n_threads: int = 1) -> None:
        if (loaded.task or {}).get("name") != "dialogue":
            raise UsageError(
                f"'{loaded.name}' was not tuned for dialogues",
                "Tune it: prompt-gen finetune RUN --task dialogue --data FILE --out DIR",
            )
        self.name, self.bundle = loaded.name, loaded
        self.model = Shared(Graph(loaded, n_threads))
        self.context = self.model.context
        self._tokenizer = loaded.tokenizer
        self.generator = Generator(self.model, Vocabulary(loaded.tokenizer))
        self._questions = Questions.load(loaded.path / FILE)

    def prompt(self, turns: Sequence[str], max_tokens: int | None = None) -> tuple[Prompt, int]:
        """What an answer to the last of `turns` goes on from, and the tokens that it may have.

        Turns are those of the user and the answers to them, one after the other. Of those before
        the last one the newest pairs count for which there is room: half of the context, or all
        but `max_tokens`, is for them and the question.

        Raises:
            TextTooLong: the last turn leaves no room for an answer (of so many tokens).
        """
        room = self.context + 1  # of a prompt and an answer
        most = room // 2 if max_tokens is None else room - max_tokens
        ids = (*before_answer(self._tokenizer, turns, most),)
        left = room - len(ids)
        wanted = left if max_tokens is None else max_tokens
        if left < max(1, wanted):
            raise TextTooLong(
                f"a question of {len(ids) - 2} tokens leaves {max(0, left)} for its answer",
                f"The context of the model holds {self.context}: ask for less, or more shortly",
                "messages",
            )
        return Prompt(turns[-1], ids, (Cover(ids, b""),)), wanted

    def answer(
        self,
        turns: Sequence[str],
        generation: Generation | None = None,
        cancelled: Callable[[], bool] = _never,
    ) -> Iterator[str]:
        """An answer to the last of `turns`, piece by piece; of `generation` all but its length.

        Raises:
            TextTooLong: see `prompt`.
        """
        prompt, n_most = self.prompt(turns)
        wanted = replace(generation or Generation(), n=1, max_tokens=n_most)
        for pieces in self.generator.run([prompt], wanted, cancelled):
            yield from (piece.text for piece in pieces if piece.text)

    def similar(self, question: str, n: int = 1) -> list[Answered]:
        """At most n questions of the training text that are like this one, with their answers."""
        return self._questions.alike(question, n)
