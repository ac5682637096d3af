"""The model that is served: loaded in the background, and exchanged for a new one as a whole."""

import asyncio
import gc
import logging
from collections.abc import Callable
from dataclasses import dataclass

from prompt_gen import bundle
from prompt_gen.bundle import Bundle
from prompt_gen.config import EngineConfig
from prompt_gen.engine import Completer
from prompt_gen.errors import NotReady, PromptGenError
from prompt_gen.run import fingerprint
from prompt_gen.server.learning import Learning

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Served:
    """What one request is answered by, from its beginning to its end."""

    bundle: Bundle
    completer: Completer
    version: str  # see `version`


class Models:
    """The model of now. What it remembers of sessions goes with it."""

    def __init__(self, loaded: Bundle, config: EngineConfig) -> None:
        self._first, self._config = loaded, config
        self.learning: Learning | None = None  # what users teach counts, if it is given
        self._now: Served | None = None
        self._failure: PromptGenError | None = None
        self._loading = asyncio.Lock()
        self.is_draining = False  # the server stops: no request is begun any more

    @property
    def bundle(self) -> Bundle:
        """The bundle of the model, or the one that is still loading."""
        return self._now.bundle if self._now else self._first

    @property
    def now(self) -> Served:
        """The model. A request takes it once.

        Raises:
            NotReady: it is still loading, or the server is stopping.
            PromptGenError: it could not be loaded.
        """
        if self.is_draining:
            raise NotReady("the server is stopping", "Ask again when it is back")
        if self._failure is not None:
            raise self._failure
        if self._now is None:
            raise NotReady("the model is still loading", "Try again in a moment")
        return self._now

    async def load(self) -> None:
        """Load the first one. If that fails, every request is told why."""
        try:
            self._now = await self._loaded(lambda: self._first)
        except PromptGenError as error:
            self._failure = error

    async def reload(self) -> Served:
        """Load the bundle anew from where it was, and answer with that from now on.

        Raises:
            PromptGenError: it is refused; the one of before goes on.
        """
        self._now = await self._loaded(lambda: bundle.load(self._first.path))
        self._failure = None
        await asyncio.to_thread(gc.collect)  # what the old one holds is held in cycles
        return self._now

    async def _loaded(self, find: Callable[[], Bundle]) -> Served:
        async with self._loading:
            try:
                return await asyncio.to_thread(lambda: self._taught(_load(find(), self._config)))
            except PromptGenError as error:
                _log.error("the model cannot be loaded: %s", error)
                raise
            except Exception as error:
                _log.exception("the model cannot be loaded")
                raise PromptGenError(
                    f"the model cannot be loaded: {error!r}", "See the log"
                ) from error

    def _taught(self, served: Served) -> Served:
        if self.learning is not None:
            served.completer.personal = self.learning.begin(served.bundle.tokenizer)
        return served


def _load(loaded: Bundle, config: EngineConfig) -> Served:
    """Load the graph and run it once, so that the first user does not wait for it."""
    completer = Completer.of(loaded, config)
    completer.complete("a")
    return Served(loaded, completer, version(loaded))


def version(loaded: Bundle) -> str:
    """Twelve digits that tell bundles of one name apart, whatever is on the disk by now."""
    return fingerprint(loaded.manifest, loaded.temperature)[:12]
