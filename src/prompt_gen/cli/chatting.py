"""A conversation in the terminal: chat."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from prompt_gen.cli import show
from prompt_gen.cli.options import AsJson, ConfigFile, Model, Settings

if TYPE_CHECKING:  # the engine would load onnxruntime before any command is chosen
    from prompt_gen.engine.chat import Chat
    from prompt_gen.engine.generating import Generation


def chat(
    run: Model,
    once: Annotated[
        str | None, typer.Option("--once", metavar="QUESTION", help="Answer this one, and end.")
    ] = None,
    similar: Annotated[
        int, typer.Option("--similar", min=0, help="Similar answered questions that are shown.")
    ] = 1,
    temperature: Annotated[
        float, typer.Option("--temperature", min=0, max=2, help="0: the most probable answer.")
    ] = 0.0,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Of what is drawn; none: another one each time.")
    ] = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
    set_: Settings = None,
) -> None:
    """Ask a bundle that was tuned for dialogues; what was said before counts while it has room.

    Without a terminal each line of standard input is a question of one conversation.
    """
    from prompt_gen import bundle
    from prompt_gen.engine.chat import Chat
    from prompt_gen.engine.drawing import Drawing
    from prompt_gen.engine.generating import Generation
    from prompt_gen.settings import resolve

    settings = resolve(set_ or (), {}, config)
    asked = Chat(bundle.load(Path(run)), settings.engine.threads)
    generation = Generation(seed=seed, drawing=Drawing(temperature=temperature))
    talk = _Talk(asked, generation, similar, as_json)
    try:
        for question in [once] if once is not None else _questions():
            talk.ask(question)
    except KeyboardInterrupt:
        print(file=sys.stderr)


def _questions() -> Iterator[str]:
    """Lines that are typed, or come from elsewhere, until they end; blank ones are none."""
    is_typed = sys.stdin.isatty()
    if is_typed:
        show.say("Ask, and press Enter; Ctrl-D or Ctrl-C ends.")
    while True:
        if is_typed:
            print("> ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            return
        if line.strip():
            yield line.strip()


class _Talk:
    """A conversation so far."""

    def __init__(
        self, asked: "Chat", generation: "Generation", n_similar: int, as_json: bool
    ) -> None:
        self._chat, self._generation = asked, generation
        self._n_similar, self._as_json = n_similar, as_json
        self._turns: list[str] = []

    def ask(self, question: str) -> None:
        """Answer, and show questions like this one that were answered in the training text."""
        turns = [*self._turns, question]
        pieces = []
        for piece in self._chat.answer(turns, self._generation):
            pieces.append(piece)
            if not self._as_json:
                print(piece, end="", flush=True)
        answer = "".join(pieces)
        alike = self._chat.similar(question, self._n_similar)
        if self._as_json:
            show.exchange(question, answer, alike)
        else:
            print()
            show.similar(alike)
        self._turns = [*turns, answer]
