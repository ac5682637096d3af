"""A model that is served: a bundle, and the completer that was made of it."""

from dataclasses import dataclass

from prompt_gen.bundle import Bundle
from prompt_gen.config import EngineConfig
from prompt_gen.engine import Completer


@dataclass(frozen=True, eq=False)
class Served:
    """What one request is answered by, from its beginning to its end."""

    bundle: Bundle
    completer: Completer

    @classmethod
    def load(cls, loaded: Bundle, config: EngineConfig) -> "Served":
        """Load the graph and run it once, so that the first user does not wait for it.

        Raises:
            PromptGenError: the bundle cannot be used.
        """
        completer = Completer.of(loaded, config)
        completer.complete("a")
        return cls(loaded, completer)
