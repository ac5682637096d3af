"""What every route is given: the worker, the settings, and the checks that all texts pass."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from prompt_gen import bundle
from prompt_gen.bundle import Bundle
from prompt_gen.config import EngineConfig, ServeConfig
from prompt_gen.engine import Labeller
from prompt_gen.engine.chat import Chat
from prompt_gen.errors import PromptGenError, TextTooLong, UsageError
from prompt_gen.feedback import Recorder
from prompt_gen.server.keystrokes import Keystrokes
from prompt_gen.server.metrics import Metrics
from prompt_gen.server.schema import ErrorOut
from prompt_gen.server.served import Served
from prompt_gen.server.worker import Worker
from prompt_gen.text import check_text

_DESCRIPTIONS = {
    400: "what was asked for cannot be done; `param` names the field, if it is one",
    401: "a key is needed: `Authorization: Bearer KEY`",
    403: "the Host or the Origin of the request is not one that is served",
    404: "there is no such thing, e.g. no model of this name",
    413: "the text or the body is too long",
    415: "the body is not said to be `application/json`",
    422: "a field is missing or wrong; `param` names it",
    429: "this client asks more often than it may; `Retry-After` says when to come again",
    500: "the bundle is damaged, or its parts do not belong together",
    499: "nobody waits for the answer any more: a newer `seq` of the session has come",
    503: "not ready: the model is still loading, too much is asked, or the store of events does "
    "not answer; `Retry-After` says when to come again",
    507: "the disk of the store of events is full; send them again later",
}


def errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What the schema says of the errors of a route."""
    return {
        status: {"model": ErrorOut, "description": _DESCRIPTIONS[status]} for status in statuses
    }


def _labellers(config: ServeConfig, engine: EngineConfig) -> dict[str, Labeller]:
    found: dict[str, Labeller] = {}
    for path in config.labels:
        labeller = Labeller(bundle.load(path), engine.threads)
        if (other := found.get(task := labeller.task["name"])) is not None:
            raise UsageError(
                f"both '{other.name}' and '{labeller.name}' were tuned for '{task}'",
                "Serve one of them: one bundle for each task",
            )
        found[task] = labeller
    return found


@dataclass(frozen=True)
class Serving:
    """One server: what it completes with, what it counts, and what it accepts."""

    worker: Worker
    keystrokes: Keystrokes
    metrics: Metrics
    config: ServeConfig
    recorder: Recorder | None = None  # none: everybody is off the record
    labellers: Mapping[str, Labeller] = field(default_factory=dict)  # by their tasks
    chat: Chat | None = None  # what answers, if anything does

    @classmethod
    def of(
        cls,
        loaded: Bundle,
        engine: EngineConfig,
        config: ServeConfig,
        recorder: Recorder | None = None,
    ) -> "Serving":
        """A server's parts; the model is not loaded yet, what labels and answers is.

        Raises:
            UsageError: two bundles for one task, or one for none; a chat by one of another task.
            PromptGenError: what loading them finds wrong.
        """
        worker = Worker(loaded, engine, config)
        metrics = Metrics(worker)
        keystrokes, labellers = Keystrokes(worker, metrics), _labellers(config, engine)
        chat = Chat(bundle.load(config.chat), engine.threads) if config.chat else None
        return cls(worker, keystrokes, metrics, config, recorder, labellers, chat)

    async def reload(self) -> Served:
        """Answer with the bundle as it is on the disk now.

        Raises:
            PromptGenError: it is refused; the one of before goes on.
        """
        try:
            served = await self.worker.models.reload()
        except PromptGenError:
            self.metrics.reloads.labels("refused").inc()
            raise
        self.metrics.reloads.labels("loaded").inc()
        return served

    def close(self) -> None:
        """Let what is at work end, and begin nothing."""
        self.keystrokes.close()
        self.worker.close()
        if self.recorder is not None:
            self.recorder.close()
        if self.worker.models.learning is not None:
            self.worker.models.learning.close()

    def check(self, text: str, param: str) -> None:
        """Refuse a text that cannot be completed; `param` is the field that holds it.

        Raises:
            BadText: it is not text.
            TextTooLong: it is longer than is accepted.
        """
        check_text(text, param)
        if len(text) > self.config.max_prompt_chars:
            raise TextTooLong(
                f"field '{param}' has {len(text)} characters",
                f"At most {self.config.max_prompt_chars} are accepted; send the last lines alone",
                param,
            )
