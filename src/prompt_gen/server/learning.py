"""What named users accept counts for them from the next key on, where the server is set so."""

import threading
from pathlib import Path

from prompt_gen.config import PersonalConfig
from prompt_gen.errors import NotReady
from prompt_gen.memory.personal import Personal
from prompt_gen.vocab import Tokenizer


class Learning:
    """The personal layer of the model that is served; it goes on when that is exchanged.

    This process holds the file while it serves. The bounds of `Personal` hold: how often a line
    counts on a day, and how many users must have sent what counts for all.
    """

    def __init__(self, config: PersonalConfig, path: Path) -> None:
        self._config, self._path = config, path
        self._personal: Personal | None = None
        self._changing = threading.Lock()

    def begin(self, tokenizer: Tokenizer) -> Personal:
        """What users taught so far, in the words of a model.

        Raises:
            PromptGenError: see `Personal`; then nothing is learned until this is called again.
        """
        with self._changing:
            self._let_go()
            self._personal = Personal(tokenizer, self._config, self._path)
            return self._personal

    def learn(self, user: str, line: str) -> bool:
        """Count a line for a user.

        Raises:
            PromptGenError: see `Personal.learn`.
            NotReady: there is no model yet, or none any more.
        """
        with self._changing:
            if self._personal is None:
                raise NotReady("the model is still loading", "Try again in a moment")
            return self._personal.learn(user, line)

    def close(self) -> None:
        """Let go of the file."""
        with self._changing:
            self._let_go()

    def _let_go(self) -> None:
        if self._personal is not None:
            self._personal.close()
            self._personal = None
