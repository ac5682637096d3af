"""What every route is given: the worker, the settings, and the checks that all texts pass."""

from dataclasses import dataclass
from typing import Any

from prompt_gen.config import ServeConfig
from prompt_gen.errors import TextTooLong
from prompt_gen.feedback import Recorder
from prompt_gen.server.keystrokes import Keystrokes
from prompt_gen.server.schema import ErrorOut
from prompt_gen.server.worker import Worker
from prompt_gen.text import check_text

_DESCRIPTIONS = {
    400: "a field is missing or wrong; `param` names it",
    404: "there is no model of this name",
    413: "the text or the body is too long",
    422: "a field is missing or wrong; `param` names it",
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


@dataclass(frozen=True)
class Serving:
    """One server: what it completes with, and what it accepts."""

    worker: Worker
    keystrokes: Keystrokes
    config: ServeConfig
    recorder: Recorder | None = None  # none: everybody is off the record

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
