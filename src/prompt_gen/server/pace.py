"""How often one client may ask, so that it takes nothing from the others."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp

from prompt_gen.config import ServeConfig
from prompt_gen.errors import TooOften
from prompt_gen.server.newest import put
from prompt_gen.server.visitors import Refusing

_FREE = ("/static/", "/health")  # beginnings of paths that cost next to nothing


@dataclass
class _Bucket:
    """What a client may still ask at once, as of a time."""

    left: float
    at_s: float


class Pace:
    """A token bucket for each client; of very many, those are forgotten that came first."""

    def __init__(
        self, per_s: float, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_s, self._burst, self._clock = per_s, burst, clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, client: str) -> bool:
        """Whether a client may ask once more, now."""
        now = self._clock()
        bucket = self._buckets.get(client) or _Bucket(self._burst, now)
        left = min(self._burst, bucket.left + (now - bucket.at_s) * self._per_s)
        put(self._buckets, client, _Bucket(left - (left >= 1), now))
        return left >= 1


class Paced(Refusing):
    """Refuses who asks too often. Clients are told apart by key, or where none is asked for by
    address.
    """

    def __init__(self, app: ASGIApp, config: ServeConfig, by_key: bool) -> None:
        super().__init__(app, config)
        self._pace, self._by_key = Pace(config.client_per_s, config.client_burst), by_key

    def check(self, asked: HTTPConnection) -> None:
        """Refuse who asks too often.

        Raises:
            TooOften: he does.
        """
        if asked.scope["path"].startswith(_FREE):
            return
        address = (asked.scope.get("client") or ("", 0))[0]
        key = asked.headers.get("authorization") if self._by_key else None
        if not self._pace.take(key or address):
            raise TooOften(
                f"more than {self.config.client_per_s:g} requests a second come from this client",
                "Wait a second (Retry-After); the settings are serve.client_per_s and client_burst",
            )
