"""Every error that prompt-gen raises on purpose.

    PromptGenError          exit  HTTP
    ├─ UsageError            2    400   what was asked for cannot be done as asked
    │  ├─ NotFound           2    404   a file, directory or model that is not there
    │  ├─ OutputExists       2    409   would write over something
    │  ├─ SettingError       2    400   an unknown setting or a value out of range
    │  ├─ UnknownChoice      2    400   a name that is in no table
    │  ├─ NotABundle         2    400   a directory without a bundle in it
    │  ├─ PortInUse          2    500   somebody else listens there
    │  ├─ KeyNeeded          2    401   no key, or none that is known
    │  ├─ NotAllowed         2    403   whoever asks, or from where, may not
    │  ├─ TooOften           2    429   a client asks more often than it may
    │  └─ InvalidRequest     2    422   a field of a request is missing or wrong
    │     ├─ TextTooLong     2    413   more text than is accepted
    │     └─ NotJson         2    415   a body that does not say that it is JSON
    ├─ DataError             3    422   the data cannot be used
    │  ├─ BadText            3    422   binary, empty or undecodable text
    │  ├─ CorpusTooSmall     3    422   not enough text to train on
    │  ├─ Damaged            3    500   a file that is not what it was when it was written
    │  ├─ Mismatch           3    500   two parts that do not belong together
    │  └─ StorageError       3    507   the disk is full, or cannot be written
    ├─ Diverged              1    500   training ran away from every useful model
    ├─ GateNotMet            5    500   a number is worse than was asked for
    ├─ Interrupted         130    500   Ctrl-C or SIGTERM; what was complete is saved
    ├─ MissingExtra          4    500   an optional library is not installed
    ├─ NotReady              1    503   still loading, or stopping
    ├─ Overloaded            1    503   more is asked than can be answered in time
    ├─ Cancelled             1    499   nobody waits for the answer any more
    └─ StoreUnavailable      1    503   the store of feedback does not answer, or is behind

Each carries a message (what is wrong, with the value and the place) and a hint (what is allowed,
what to do next). The command line exits with `exit_code`, the server answers with `http_status`.
"""

import errno
from difflib import get_close_matches


class PromptGenError(Exception):
    """An error with a message for people and a way out."""

    exit_code = 1
    http_status = 500

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}. {self.hint}" if self.hint else self.message


class UsageError(PromptGenError):
    """What was asked for cannot be done as asked."""

    exit_code = 2
    http_status = 400


class NotFound(UsageError):
    """A file, directory or model that is not there."""

    http_status = 404


class OutputExists(UsageError):
    """Going on would write over something."""

    http_status = 409


class SettingError(UsageError):
    """An unknown setting, or a value out of its range."""


class UnknownChoice(UsageError):
    """A name that is in no table of parts."""


class NotABundle(UsageError):
    """A directory without a bundle in it."""


class PortInUse(UsageError):
    """Another program listens on the port."""

    http_status = 500


class KeyNeeded(UsageError):
    """No key, or none that is known."""

    http_status = 401


class NotAllowed(UsageError):
    """Whoever asks, or from where, may not."""

    http_status = 403


class TooOften(UsageError):
    """A client asks more often than it may."""

    http_status = 429


class InvalidRequest(UsageError):
    """A field of a request is missing or wrong; `param` names it."""

    http_status = 422

    def __init__(self, message: str, hint: str = "", param: str | None = None) -> None:
        super().__init__(message, hint)
        self.param = param


class TextTooLong(InvalidRequest):
    """More text than is accepted."""

    http_status = 413


class NotJson(InvalidRequest):
    """A body that does not say that it is JSON."""

    http_status = 415


class DataError(PromptGenError):
    """The data cannot be used."""

    exit_code = 3
    http_status = 422


class BadText(DataError):
    """Binary, empty or undecodable text."""


class CorpusTooSmall(DataError):
    """Not enough text to train on."""


class Damaged(DataError):
    """A file that is not what it was when it was written."""

    http_status = 500


class Mismatch(DataError):
    """Two parts that do not belong together."""

    http_status = 500


class StorageError(DataError):
    """The disk is full, or cannot be written."""

    http_status = 507


class Diverged(PromptGenError):
    """Training ran away from every useful model."""


class GateNotMet(PromptGenError):
    """A number of an evaluation is worse than was asked for."""

    exit_code = 5


class Interrupted(PromptGenError):
    """Ctrl-C or SIGTERM; what was complete is saved."""

    exit_code = 130


class MissingExtra(PromptGenError):
    """An optional library is not installed."""

    exit_code = 4


class NotReady(PromptGenError):
    """The model is still loading, or the server is stopping."""

    http_status = 503


class Overloaded(PromptGenError):
    """More is asked than can be answered in time."""

    http_status = 503


class Cancelled(PromptGenError):
    """Nobody waits for the answer any more: a newer request has come, or the client has gone."""

    http_status = 499


class StoreUnavailable(PromptGenError):
    """The store of feedback does not answer, or is behind."""

    http_status = 503


def did_you_mean(word: str, known: list[str]) -> str:
    """A sentence that names the nearest known words, or all of them when none is near."""
    near = get_close_matches(word, known, n=2, cutoff=0.6)
    if near:
        return "Did you mean " + " or ".join(f"'{n}'" for n in near) + "?"
    return "Known: " + ", ".join(sorted(known))


def from_os_error(error: OSError) -> PromptGenError:
    """The deliberate error that says what an operating system error means for the user."""
    place = f" '{error.filename}'" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageError(
            f"the disk is full: could not write{place}",
            "Nothing that was complete is lost. Free some space and run the same command again",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StorageError(
            f"no permission to use{place}",
            "Choose another place, or change its owner or permissions",
        )
    if error.errno == errno.ENOENT:
        return NotFound(f"no such file or directory:{place}", "Check the path")
    return StorageError(f"{error.strerror or error}:{place}", "Check the disk and the path")
