"""Who may ask: under which name, from which page, and with a key where one is needed.

All is refused that is not allowed here, before a route sees it; whoever adds a route need not
think of it.
"""

import re
from ipaddress import IPv6Address, ip_address

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from prompt_gen.config import ServeConfig, is_loopback
from prompt_gen.errors import KeyNeeded, NotAllowed, PromptGenError
from prompt_gen.keys import Keyring
from prompt_gen.server.limits import from_error

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
PUBLIC = frozenset({"/", "/docs", "/health", "/health/live", "/health/ready"})
PUBLIC_FOLDER = "/static/"
ADMIN = "/admin/"
_AUTHORITY = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::([0-9]{1,5}))?", re.ASCII)
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
_PORTS = {"http": "80", "https": "443"}


class Refusing:
    """A middleware that answers with an error in place of the application."""

    def __init__(self, app: ASGIApp, config: ServeConfig) -> None:
        self.app, self.config = app, config

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, as ASGI has it."""
        if scope["type"] == "http":
            try:
                self.check(HTTPConnection(scope))
            except PromptGenError as error:
                await from_error(error)(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def check(self, asked: HTTPConnection) -> None:
        """Raise what is wrong with a request."""
        raise NotImplementedError


class Addressed(Refusing):
    """Takes what is addressed to this server, by programs and by pages that may ask it.

    A page elsewhere that has its own name point to this machine (DNS rebinding) still sends that
    name as Host; one that asks across origins sends its Origin.
    """

    def check(self, asked: HTTPConnection) -> None:
        """Refuse a foreign Host, and a page of a foreign origin.

        Raises:
            NotAllowed: it is one.
        """
        host = asked.headers.get("host", "")
        names = LOOPBACK.union(self.config.names, _connected_to(asked.scope))
        if (name := _name(host)) not in names:
            raise NotAllowed(
                f"this server does not go by the name {_shown(name)}",
                f"If it should, add the name to the setting serve.names: {_example(name)}",
            )
        origin = asked.headers.get("origin")
        if origin is None:
            is_foreign = asked.headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
            is_foreign = is_foreign and asked.scope["method"] not in ("GET", "HEAD")
        else:
            is_foreign = origin.lower() not in self.config.cors_origins
            is_foreign = is_foreign and not _is_same(origin, host)
        if is_foreign:
            raise NotAllowed(
                "pages of another origin may not ask this server",
                "If one should, add its origin to the setting serve.cors_origins, e.g. "
                "--set 'serve.cors_origins=[\"https://app.example\"]'",
            )


class Keyed(Refusing):
    """Asks for a key, but for the page and whether the server is up; `/admin` is more guarded."""

    def __init__(self, app: ASGIApp, config: ServeConfig, keyring: Keyring) -> None:
        super().__init__(app, config)
        self.keyring = keyring

    def check(self, asked: HTTPConnection) -> None:
        """Refuse who has no key where one is needed.

        Raises:
            KeyNeeded: a key is needed, and none was sent or none that is known.
            NotAllowed: administration without a key, other than from this machine itself.
        """
        path = asked.scope["path"]
        if self.keyring.is_asked:
            if not (path in PUBLIC or path.startswith(PUBLIC_FOLDER)):
                self._check_key(asked)
        elif path.startswith(ADMIN) and not _is_from_here(asked):
            raise NotAllowed(
                "without keys, administration is for this machine alone",
                "Ask http://127.0.0.1 directly, not by a proxy or from another page; or have keys: "
                "prompt-gen keys add NAME, --set serve.require_key=true",
            )

    def _check_key(self, asked: HTTPConnection) -> None:
        scheme, _, secret = asked.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise KeyNeeded(
                "this server asks for a key",
                "Send the header 'Authorization: Bearer KEY'; `prompt-gen keys add NAME` makes one",
            )
        if not self.keyring.holds(secret.strip()):
            raise KeyNeeded(
                "this is no key of this server",
                "It may have been revoked; `prompt-gen keys list` shows those there are",
            )


def _is_from_here(asked: HTTPConnection) -> bool:
    """Whether a program on this machine, or a page of this server, asks without a proxy."""
    host, origin = asked.headers.get("host", ""), asked.headers.get("origin")
    client = asked.scope.get("client") or ("", 0)
    return (
        is_loopback(client[0])
        and _name(host) in LOOPBACK
        and (origin is None or _is_same(origin, host))
        and not any(header in asked.headers for header in _FORWARDED)
    )


def _name(host: str) -> str:
    """The name or address in a Host header, without the port; empty where it is malformed."""
    found = _AUTHORITY.fullmatch(host)
    return (found[1] or found[2]).lower() if found else ""


def _connected_to(scope: Scope) -> frozenset[str]:
    """The address of this machine that the client has connected to: nobody can rebind that."""
    try:
        address = ip_address((scope.get("server") or ("", 0))[0])
    except ValueError:
        return frozenset()
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return frozenset({str(address)})


def _is_same(origin: str, host: str) -> bool:
    """Whether an Origin header is that of the pages of this Host."""
    scheme, separator, authority = origin.lower().partition("://")
    port = _PORTS.get(scheme)
    if not (separator and port and _AUTHORITY.fullmatch(authority)):
        return False
    return authority.removesuffix(f":{port}") == host.lower().removesuffix(f":{port}")


def _shown(name: str) -> str:
    return f"'{name}'" if name else "in the Host header"


def _example(name: str) -> str:
    return f"--set 'serve.names=[\"{name or 'notes.example'}\"]'"
