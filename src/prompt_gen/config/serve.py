"""The HTTP server."""

import re
from ipaddress import ip_address
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from prompt_gen.config.section import AbsolutePath, AbsolutePathOrNone, Section


def is_loopback(address: str) -> bool:
    """Whether an IP address means this machine; a name does not."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def _host_name(name: str) -> str:
    """A name or an address as it stands in a Host header, without a port."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*", name):
        raise ValueError("a name is written without scheme, port or '*', e.g. notes.example")
    return name.lower()


def _origin(origin: str) -> str:
    """An origin as browsers send it."""
    if not re.fullmatch(r"https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?", origin):
        raise ValueError(
            "an origin is scheme, name and perhaps port, e.g. https://app.example:8443; '*' would "
            "let every page of the web ask"
        )
    return origin.lower()


class ServeConfig(Section):
    """The HTTP server."""

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(
        default=8765, ge=0, le=65_535, description="port to listen on; 0: any free one"
    )
    labels: tuple[AbsolutePath, ...] = Field(
        default=(),
        description="bundles that were tuned to label texts, served beside the completer, one for "
        "each task",
    )
    chat: AbsolutePathOrNone = Field(
        default=None,
        description="bundle that was tuned for dialogues, served beside the completer",
    )
    max_prompt_chars: int = Field(
        default=2000, ge=1, description="longest accepted text, characters"
    )
    max_body_bytes: int = Field(default=65_536, ge=1024, description="largest accepted body, bytes")
    keys_at_work: int = Field(
        default=2,
        ge=1,
        le=64,
        description="keys that are worked for at a time; they share the passes of the model",
    )
    texts_at_work: int = Field(
        default=8,
        ge=1,
        le=256,
        description="requests for whole texts, labels and explanations that are worked for at a "
        "time, beside keys",
    )
    max_waiting: int = Field(
        default=64, ge=0, description="requests that wait to be worked for, at most"
    )
    max_wait_ms: float = Field(
        default=50.0,
        ge=0,
        description="expected wait above which a key is answered from the memory of the text "
        "alone, or by 503 where that would take twice as long, ms",
    )
    texts_max_wait_ms: float = Field(
        default=1000.0, ge=0, description="the same for whole texts, which get 503 at once, ms"
    )
    client_per_s: float = Field(
        default=0.0,
        ge=0,
        description="requests a second that one client (a key, or else an address) may send on "
        "average; more get 429; 0: as many as it likes",
    )
    client_burst: int = Field(
        default=60, ge=1, description="requests that one client may send at once before that counts"
    )
    drain_s: int = Field(
        default=10, ge=1, le=600, description="time that requests have to end when it stops, s"
    )
    log_requests: bool = Field(
        default=False,
        description="write a line for every request to stderr; what was typed is never in it",
    )

    max_header_bytes: int = Field(
        default=16_384, ge=1024, description="largest accepted head of a request, bytes"
    )
    max_connections: int = Field(
        default=2000, ge=1, description="clients that are connected at a time; others get 503"
    )
    patience_s: float = Field(
        default=5.0,
        gt=0,
        le=600,
        description="a client that takes longer to send a request, or to take an answer, is cut "
        "off, s",
    )
    keep_alive_s: float = Field(
        default=60.0, gt=0, le=3600, description="a connection without requests is closed after, s"
    )
    keys: str = Field(
        default="", description="file of API keys; empty: keys.json where settings of users are"
    )
    require_key: Literal["auto"] | bool = Field(
        default="auto",
        description="whether all but the page and /health needs a key; auto: unless only this "
        "machine is served (a loopback address, no `names`, no key in PROMPT_GEN_API_KEY)",
    )
    names: tuple[Annotated[str, AfterValidator(_host_name)], ...] = Field(
        default=(),
        description="names and addresses that clients may call the server by, beside the one they "
        "connected to and those of loopback, e.g. notes.example",
    )
    cors_origins: tuple[Annotated[str, AfterValidator(_origin)], ...] = Field(
        default=(), description="origins of pages elsewhere that may ask, e.g. https://app.example"
    )
    proxies: tuple[str, ...] = Field(
        default=(),
        description="addresses or networks of proxies whose X-Forwarded-* headers are believed",
    )

    @property
    def is_local(self) -> bool:
        """Whether none but this machine can connect."""
        return self.host == "localhost" or is_loopback(self.host)

    @model_validator(mode="after")
    def _open_with_keys_only(self) -> "ServeConfig":
        if self.require_key is False and not self.is_local:
            raise ValueError(
                f"host '{self.host}' is open to other machines, so serve.require_key cannot be "
                "false (listen on 127.0.0.1 behind a proxy with a login, or make a key)"
            )
        return self
