"""`/v1/events`: what became of the candidates that were shown."""

import asyncio
import time
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body
from pydantic import Discriminator, Field, Tag

from prompt_gen.errors import InvalidRequest
from prompt_gen.feedback import Event, Kind, Model
from prompt_gen.server.schema import EventIn, EventsOut
from prompt_gen.server.served import version
from prompt_gen.server.serving import Serving, errors
from prompt_gen.text import check_text

MAX_EVENTS = 100

_One = Annotated[EventIn, Tag("event")]
_Several = Annotated[list[EventIn], Field(min_length=1, max_length=MAX_EVENTS), Tag("events")]
_Sent = Annotated[
    _One | _Several, Discriminator(lambda sent: "events" if isinstance(sent, list) else "event")
]

# Of each group of fields, one at least.
_NEEDED = {
    "shown": (),
    "accepted": (("choice_index",), ("accepted_chars", "text")),
    "dismissed": (),
    "kept": (("choice_index",), ("retained_chars",)),
}


def router(serving: Serving) -> APIRouter:
    """The route that events are sent to."""
    routes = APIRouter()

    @routes.post("/v1/events", responses=errors(413, 422, 503, 507))
    async def events(sent: Annotated[_Sent, Body()]) -> EventsOut:
        """One event, or a list of up to 100; answered when what may be stored is on the disk."""
        several = sent if isinstance(sent, list) else [sent]
        for event in several:
            _check(event)
        recorder = serving.recorder
        if recorder is None:
            return EventsOut(stored=0, known=0, off_record=len(several))
        model, at_ms = _model(serving), int(time.time() * 1000)
        wanted = [_event(event, model, at_ms) for event in several if not event.off_record]
        silenced = {event.session for event in several if event.off_record == "session"}
        if not wanted and not silenced:
            return EventsOut(stored=0, known=0, off_record=len(several))
        found = await asyncio.wrap_future(recorder.submit(wanted, silenced))
        n_silent = len(several) - len(wanted)
        return EventsOut(
            stored=found.stored, known=found.known, off_record=found.off_record + n_silent
        )

    return routes


def _model(serving: Serving) -> Model:
    bundle = serving.worker.models.bundle
    return Model(bundle.name, version(bundle))


def _event(sent: EventIn, model: Model, at_ms: int) -> Event:
    inserted = sent.text if sent.type == "accepted" else None
    return Event(
        id=UUID(sent.id),
        kind=Kind[sent.type.upper()],
        completion=sent.completion_id,
        session=sent.session,
        model=model,
        at_ms=at_ms,
        user=sent.user,
        choice=sent.choice_index,
        n_choices=sent.n_choices,
        elapsed_ms=None if sent.elapsed_ms is None else round(sent.elapsed_ms),
        accepted_chars=sent.accepted_chars if inserted is None else len(inserted),
        retained_chars=sent.retained_chars,
        prompt=sent.prompt,
        text=sent.text,
    )


def _check(event: EventIn) -> None:
    """Refuse an event that does not say what its type needs, or whose texts are none.

    Raises:
        InvalidRequest: with the field.
    """
    for param in ("session", "user", "prompt", "text"):
        text: str | None = getattr(event, param)
        if text is not None:
            check_text(text, param)
            if "\0" in text:
                raise InvalidRequest(
                    f"field '{param}' holds the character U+0000", "Send it without", param
                )
    for fields in _NEEDED[event.type]:
        if all(getattr(event, name) is None for name in fields):
            raise InvalidRequest(
                f"field '{fields[0]}' is missing; an event of type '{event.type}' needs it",
                f"Send {' or '.join(fields)}",
                fields[0],
            )
