"""What users accepted: look at it, make a corpus of it, forget it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from prompt_gen.cli import remembered, show
from prompt_gen.cli.options import AsJson, ConfigFile, Settings
from prompt_gen.errors import NotFound, UsageError

if TYPE_CHECKING:
    from prompt_gen.config import FeedbackConfig
    from prompt_gen.feedback.store import Store

Served = Annotated[
    Path, typer.Argument(metavar="RUN", help="The run or bundle that is served. (default: .)")
]


def report(
    run: Served = Path(),
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write a page, too: an HTML file.")
    ] = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
    set_: Settings = None,
) -> None:
    """Show what users did with what they were shown."""
    from prompt_gen.feedback import report as page
    from prompt_gen.feedback.summary import summarised

    _check_directory(out)
    with _opened(run, config, set_) as (store, _):
        found, place = summarised(store), store.place.strip("'")
    show.result(found) if as_json else show.feedback(found)
    if out is not None:
        page.write(found, place, out)
        show.say(f"report: {out}")


def export(
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="A .txt or .jsonl file to train on.")
    ],
    run: Served = Path(),
    min_users: Annotated[
        int | None,
        typer.Option(
            "--min-users",
            metavar="N",
            min=1,
            help="Different users who must have accepted a line. (default: 5)",
        ),
    ] = None,
    config: ConfigFile = None,
    set_: Settings = None,
) -> None:
    """Write accepted lines as a corpus, each once for every user who accepted it."""
    from prompt_gen.feedback import lines

    lines.check_format(out)
    _check_directory(out)
    with _opened(run, config, set_) as (store, settings):
        found = lines.accepted(store)
        enough = min_users or settings.min_users
    n_below = found.n_below(enough)
    n_lines = lines.write(found.of_enough(enough), out)
    show.say(f"{n_lines:,} lines: {out}")
    if n_below:
        show.say(
            f"left out: {n_below:,} that fewer than {enough} users accepted "
            "(--min-users 1 where all are yours)"
        )
    if n_lines:
        show.say(f"next: prompt-gen train LINES... {out} --out DIR")


def forget(
    run: Served = Path(),
    user: Annotated[str | None, typer.Option("--user", metavar="NAME", help="Of a user.")] = None,
    session: Annotated[
        str | None, typer.Option("--session", metavar="NAME", help="Of a text field.")
    ] = None,
    before: Annotated[
        datetime | None,
        typer.Option("--before", formats=["%Y-%m-%d"], help="Older than this day (UTC)."),
    ] = None,
    config: ConfigFile = None,
    set_: Settings = None,
) -> None:
    """Delete events; of a user also all that counts for him (memory forget)."""
    from prompt_gen.feedback.store import Filter
    from prompt_gen.memory import PERSONAL

    if user is None and session is None and before is None:
        raise UsageError("nothing says what to forget", "Give --user, --session or --before")
    before_ms = None if before is None else int(before.replace(tzinfo=UTC).timestamp() * 1000)
    is_whole_user = user is not None and session is None and before is None
    with ExitStack() as held:
        personal = None
        if is_whole_user and (run / PERSONAL).exists():  # first: it may be in use
            personal = held.enter_context(remembered.opened(run, set_, config))
        store, _ = held.enter_context(_opened(run, config, set_))
        n_events = store.forget(Filter(user, session, before_ms))
        n_lines = personal.forget(user) if personal is not None and user is not None else 0
    show.say(f"{n_events:,} events and {n_lines:,} lines that counted forgotten")


def info(
    run: Served = Path(),
    as_json: AsJson = False,
    config: ConfigFile = None,
    set_: Settings = None,
) -> None:
    """Show where events are stored, how many, and how long they are kept."""
    from prompt_gen.feedback.summary import summarised

    with _opened(run, config, set_) as (store, settings):
        found = summarised(store)
        facts: dict[str, Any] = {
            "place": store.place.strip("'"),
            "bytes": store.n_bytes(),
            "events": found["events"],
            "users": found["users"],
            "sessions": found["sessions"],
            "first": found["first"],
            "last": found["last"],
            "texts": settings.texts,
            "retention_days": settings.retention_days,
        }
    show.result(facts) if as_json else show.feedback_info(facts)


@contextmanager
def _opened(
    run: Path, config: Path | None, set_: list[str] | None
) -> "Iterator[tuple[Store, FeedbackConfig]]":
    """The store of what is served, which must be there."""
    from prompt_gen.feedback.place import file_of
    from prompt_gen.feedback.store import Store
    from prompt_gen.settings import resolve

    settings = resolve(set_ or (), file=config).feedback
    path = file_of(settings, run)
    if path is not None and not path.is_file():
        raise NotFound(
            f"no events are stored at '{path}'",
            "Name the run that is served, or where they are: --set feedback.path=FILE or .url=URL",
        )
    with Store(settings, run) as store:
        yield store, settings


def _check_directory(out: Path | None) -> None:
    if out is not None and not out.parent.is_dir():
        raise NotFound(f"no such directory: '{out.parent}'", "Make it, or choose another --out")
