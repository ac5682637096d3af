"""API keys: each is shown once; kept is its SHA-256, in a file that only its owner reads.

A key is 32 random bytes, so that a fast hash is enough: there is nothing to guess. A server reads
the file again when it has changed, so that a revoked key stops working at once.
"""

import hashlib
import hmac
import json
import logging
import os
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from prompt_gen import lock
from prompt_gen.config import ServeConfig
from prompt_gen.errors import (
    Damaged,
    KeyNeeded,
    NotFound,
    OutputExists,
    SettingError,
    StorageError,
    UsageError,
    did_you_mean,
    from_os_error,
)
from prompt_gen.storage import write_atomic

VARIABLE = "PROMPT_GEN_API_KEY"  # a single key, for those who keep secrets in the environment
_PREFIX = "pg-"  # so that people, and programs that look for leaked secrets, know what it is
_MIN_CHARS = 16  # of a key that somebody chose
_log = logging.getLogger(__name__)


class Key(BaseModel):
    """What is kept of a key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    created: str  # UTC, ISO 8601
    last: str  # its last characters, to tell it from others
    sha256: str


def known(secret: str, keys: Sequence[Key]) -> Key | None:
    """The key that a secret is; how long it takes says nothing about the keys there are."""
    given, found = _digest(secret), None
    for key in keys:
        if hmac.compare_digest(given, key.sha256):
            found = key
    return found


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def _key(name: str, secret: str) -> Key:
    created = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Key(name=name, created=created, last=secret[-4:], sha256=_digest(secret))


class KeyFile:
    """The keys in a file; a file that is not there holds none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int, int] | None = None
        self._keys: tuple[Key, ...] = ()

    @classmethod
    def of(cls, config: ServeConfig) -> "KeyFile":
        """The file that the settings name, or the one in the user's directory of settings."""
        if config.keys:
            return cls(Path(config.keys).expanduser())
        around = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
        return cls(Path(around) / "prompt-gen" / "keys.json")

    def read(self) -> tuple[Key, ...]:
        """All keys, read anew where the file has changed.

        Raises:
            Damaged: it is not a file of keys.
            StorageError: it cannot be read, or others may write to it.
        """
        try:
            now = self.path.stat()
            if (seen := (now.st_mtime_ns, now.st_size, now.st_ino)) != self._seen:
                if os.name != "nt" and now.st_mode & 0o022:
                    raise StorageError(
                        f"others than its owner may write to '{self.path}', and so make keys",
                        f"Take that from them: chmod 600 {self.path}",
                    )
                self._keys, self._seen = self._parsed(self.path.read_bytes()), seen
        except FileNotFoundError:
            self._keys, self._seen = (), None
        except OSError as error:
            raise from_os_error(error) from error
        return self._keys

    def _parsed(self, data: bytes) -> tuple[Key, ...]:
        try:
            return tuple(Key.model_validate(row) for row in json.loads(data)["keys"])
        except (ValueError, LookupError, TypeError, ValidationError) as error:
            raise Damaged(
                f"'{self.path}' is not a file of keys",
                "Take it from a copy; or remove it and make new keys with `prompt-gen keys add`",
            ) from error

    def add(self, name: str) -> str:
        """Make a key; what is returned is kept nowhere.

        Raises:
            UsageError: no name for a key.
            OutputExists: another has that name.
        """
        if not (name.isprintable() and 1 <= len(name.strip()) == len(name) <= 64):
            raise UsageError(
                f"a key cannot be called {name!r}", "A name has 1 to 64 printable characters"
            )
        self.path.parent.mkdir(0o700, parents=True, exist_ok=True)
        with self._alone():
            keys = self.read()
            if any(key.name == name for key in keys):
                raise OutputExists(
                    f"there is a key '{name}' already",
                    f"Choose another name, or first: prompt-gen keys revoke {name}",
                )
            secret = _PREFIX + secrets.token_urlsafe(32)
            self._write((*keys, _key(name, secret)))
        return secret

    def revoke(self, name: str) -> None:
        """Let a key be one no more.

        Raises:
            NotFound: there is none of that name.
        """
        if not self.read():
            raise NotFound(f"'{self.path}' holds no keys", "Is it another file (serve.keys)?")
        with self._alone():
            keys = self.read()
            if all(key.name != name for key in keys):
                hint = did_you_mean(name, [key.name for key in keys])
                raise NotFound(f"there is no key '{name}'", hint)
            self._write(tuple(key for key in keys if key.name != name))

    def _write(self, keys: Sequence[Key]) -> None:
        rows = {"keys": [key.model_dump() for key in keys]}
        text = json.dumps(rows, ensure_ascii=False, indent=1) + "\n"
        write_atomic(self.path, text, private=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Wait until no other process changes the file."""
        beside = self.path.with_name(f".{self.path.name}.lock")
        descriptor = os.open(beside, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            while not lock.seize(descriptor):
                time.sleep(0.01)
            yield
        finally:
            os.close(descriptor)


class Keyring:
    """The keys that a server takes, and whether it asks for one."""

    def __init__(self, config: ServeConfig, environment: Mapping[str, str] = os.environ) -> None:
        self._file = KeyFile.of(config)
        self._single: tuple[Key, ...] = ()
        if secret := environment.get(VARIABLE, ""):
            if len(secret) < _MIN_CHARS:
                raise SettingError(
                    f"the key in {VARIABLE} has {len(secret)} characters",
                    f"At least {_MIN_CHARS} are needed: openssl rand -hex 32",
                )
            self._single = (_key(VARIABLE, secret),)
        only_here = config.is_local and not config.names and not self._single
        self.is_asked = config.require_key is True or (
            config.require_key == "auto" and not only_here
        )
        if self.is_asked and not (self._single or self._file.read()):
            raise KeyNeeded(
                f"{_why_asked(config)}, and there is no key (looked in '{self._file.path}')",
                f"Make one: prompt-gen keys add NAME; or give one in {VARIABLE}",
            )
        self._is_broken = False

    def holds(self, secret: str) -> bool:
        """Whether this is one of the keys; while the file cannot be read, none of it is."""
        try:
            keys = self._file.read()
            self._is_broken = False
        except (Damaged, StorageError) as error:
            if not self._is_broken:  # said once, not with every request
                _log.error("no key of the file is taken: %s", error)
            keys, self._is_broken = (), True
        return known(secret, (*self._single, *keys)) is not None


def _why_asked(config: ServeConfig) -> str:
    if not config.is_local:
        return f"host '{config.host}' is open to other machines, which need a key"
    if config.require_key is True:
        return "serve.require_key asks for keys"
    return "serve.names opens the server to others, who need a key"
