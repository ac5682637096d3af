"""Requests that nobody should send, to every operation of the API, in this process.

    python -m benchmarks fuzz RUN [--requests 20000] [--bodies 20000] [--seconds 600]

First `schemathesis` makes requests from the description of the API, good and bad ones; what is
answered is held against that description. Then the bodies that it made are damaged, byte by byte:
halves of surrogate pairs, NaN, 1e999, deep nesting, huge numbers, broken UTF-8. No answer may be
5xx or have a status that is not described, and the process may not grow.
"""

import argparse
import asyncio
import gc
import importlib
import itertools
import random
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import httpx
import psutil
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from requests import Request
from schemathesis import Case, GenerationMode, checks
from schemathesis.core.failures import FailureGroup
from schemathesis.python.asgi import shutdown_lifespans

from benchmarks.machine import describe, keep
from prompt_gen import bundle, server
from prompt_gen.bundle import Bundle
from prompt_gen.config import EngineConfig, FeedbackConfig, ServeConfig

# Tests parse this plugin of pytest anew, and Python 3.11 fails where two threads parse source at
# once: so not while an API runs in another thread.
importlib.import_module("schemathesis.specs.openapi.schemas")

HOST = "http://127.0.0.1"
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
BATCH = 50  # requests to one operation, before the next has its turn
ROUNDS = 1 << 20  # more than a part ever has
WARM_UP = 1000  # damaged bodies, before memory is measured
TIMEOUT_S = 300  # the machine may be busy, and the first event opens a store
N_KEPT = 200  # requests of each operation that are damaged


@dataclass(frozen=True)
class Sent:
    """A request."""

    operation: str
    method: str
    url: str
    body: bytes


@dataclass
class Tally:
    """What was answered."""

    statuses: dict[str, Counter[int]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    kept: dict[str, list[Sent]] = field(default_factory=dict)

    @property
    def n(self) -> int:
        return sum(counts.total() for counts in self.statuses.values())

    def count(self, operation: str, status: int) -> None:
        self.statuses.setdefault(operation, Counter())[status] += 1

    def keep(self, sent: Sent) -> None:
        """Keep some of the requests of each operation."""
        kept = self.kept.setdefault(sent.operation, [])
        if len(kept) < N_KEPT:
            kept.append(sent)
        else:
            kept[self.n % N_KEPT] = sent

    def result(self) -> dict[str, Any]:
        return {
            "requests": self.n,
            "statuses": {
                operation: {str(status): n for status, n in sorted(counts.items())}
                for operation, counts in sorted(self.statuses.items())
            },
            "failures": len(self.failures),
            "first_failures": self.failures[:20],
        }


def app_of(loaded: Bundle, directory: Path) -> FastAPI:
    return server.create_app(loaded, EngineConfig(), ServeConfig(), FeedbackConfig(), directory)


def aimed(case: Case, model: str, rng: random.Random) -> Case:
    """The case, half of the time for a model that there is: no schema knows its name."""
    if rng.random() < 0.5:
        if isinstance(case.body, dict) and "model" in case.body:
            case.body["model"] = model
        if case.path_parameters and "name" in case.path_parameters:
            case.path_parameters["name"] = model
    return case


def described_requests(
    app: FastAPI,
    model: str,
    n: int,
    is_over: Callable[[], bool],
    part: int = 0,
    batch: int = BATCH,
) -> Tally:
    """Requests from the description of an API, in turns of its operations, checked against it."""
    tally, rng = Tally(), random.Random(part)
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, headers={"host": "127.0.0.1"})
    operations = [result.ok() for result in schema.get_all_operations()]
    kinds = [(operation, mode) for operation in operations for mode in GenerationMode]
    try:
        for turn in itertools.count(part * ROUNDS):
            for operation, mode in kinds:
                how = settings(
                    max_examples=batch,
                    database=None,
                    deadline=None,
                    phases=[Phase.generate],
                    suppress_health_check=list(HealthCheck),
                )
                ask = given(case=operation.as_strategy(mode))(
                    lambda case: _ask(case, tally, model, rng)
                )
                with suppress(Unsatisfiable):  # there is no wrong request to what takes none
                    seed(turn)(how(ask))()
                if tally.n >= n or is_over():
                    return tally
        raise AssertionError("there are always more turns")
    finally:
        shutdown_lifespans()


def _ask(case: Case, tally: Tally, model: str, rng: random.Random) -> None:
    operation = f"{case.method} {case.path}"
    aimed(case, model, rng)
    prepared = Request(**case.as_transport_kwargs(base_url=HOST)).prepare()
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
    if isinstance(body, bytes) and prepared.url:
        tally.keep(Sent(operation, case.method, prepared.url, body))
    response = case.call(base_url=HOST, timeout=TIMEOUT_S)
    tally.count(operation, response.status_code)
    try:
        case.validate_response(response, checks=CHECKS)
    except (Exception, FailureGroup) as failed:
        tally.failures.append(f"{operation}: {failed}"[:2000])


WORSE: tuple[bytes, ...] = (
    *(b"NaN", b"-Infinity", b"1e999", b"-1e-999", b"1.5e308", b"-0", b"-9223372036854775809"),
    *(b"9" * 400, b"0" * 50 + b"1", b"1" * 5000, b"null", b"true", b"a" * 3000),
    *(b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\u0000"', b"\x00"),  # of these the first are no text
    *(b"\xff\xfe", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\xaf", b"\xef\xbb\xbf"),  # no UTF-8
    *(b"[" * 500, b'{"a":' * 500, b"[" * 60_000, b'"', b"\\", b"}", b"]", b","),
    *(b'"model"', b'"prompt":', b'{"prompt": "a", "prompt": 5}'),
    *("e\u0301".encode() * 1000, "\u202e\u2066".encode()),
)
TEXTS: tuple[bytes, ...] = (
    *(b"\\n" * 100, b"\\u0000", b"\\ud83d\\ude42", b"\\u202e\\u2066", b"a" * 3000, b"\\r\\t"),
    *("高血压".encode(), "e\u0301".encode() * 1000, "\U000e0041🙂\ufeff\uffff".encode()),
)


def damaged(body: bytes, rng: random.Random) -> bytes:
    """A body with up to three things done to it."""
    for _ in range(rng.randint(1, 3)):
        at = rng.randint(0, len(body))
        end = min(len(body), at + rng.choice((0, 1, 1, 4, 30)))
        kind = rng.random()
        if kind < 0.55:
            body = body[:at] + rng.choice(WORSE) + body[end:]
        elif kind < 0.7:
            body = body[:at] + rng.randbytes(rng.randint(1, 8)) + body[end:]
        elif kind < 0.8:
            body = body[:at]
        elif kind < 0.9:
            body = body[:at] + body[at:end] * rng.randint(2, 50) + body[end:]
        else:
            body = body[:at] + body[end:]
    return body


def with_worse_value(body: bytes, rng: random.Random) -> bytes:
    """A body of which one value, where it stands behind a colon, is another."""
    colons = [at for at, byte in enumerate(body) if byte == ord(":")]
    if not colons:
        return damaged(body, rng)
    at = rng.choice(colons) + 1
    end = min((e for mark in b",}" if (e := body.find(mark, at)) >= 0), default=len(body))
    return body[:at] + rng.choice(WORSE) + body[end:]


def with_other_text(body: bytes, rng: random.Random) -> bytes:
    """A body that is still JSON, with something more in one of its texts."""
    ends = [at for at in range(1, len(body)) if body[at : at + 1] == b'"' != body[at - 1 : at]]
    at = rng.choice(ends or [0])
    return body[:at] + rng.choice(TEXTS) + body[at:]


DAMAGES = (damaged, with_worse_value, with_other_text)


def documented(app: FastAPI) -> dict[str, set[int]]:
    """The statuses that each operation says it answers with."""
    return {
        f"{method.upper()} {path}": {int(status) for status in operation["responses"]}
        for path, operations in app.openapi()["paths"].items()
        for method, operation in operations.items()
    }


async def damaged_bodies(
    app: FastAPI,
    client: httpx.AsyncClient,
    samples: Sequence[Sent],
    n: int,
    is_over: Callable[[], bool],
    part: int = 0,
) -> Tally:
    """Damaged bodies; a status that is not described, or an exception, is a failure."""
    tally, rng, known = Tally(), random.Random(part), documented(app)
    while tally.n < n and not is_over():
        sent = rng.choice(samples)
        body = rng.choice(DAMAGES)(sent.body, rng)
        headers = {"content-type": "application/json"}
        try:
            response = await client.request(sent.method, sent.url, content=body, headers=headers)
        except Exception as failed:
            tally.count(sent.operation, 599)
            tally.failures.append(f"{sent.operation} {body[:500]!r}: {failed!r}")
            continue
        tally.count(sent.operation, response.status_code)
        if response.status_code >= 500 or response.status_code not in known[sent.operation]:
            tally.failures.append(f"{sent.operation} {body[:500]!r}: {response.status_code}")
    return tally


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application in this very loop, when its model is there."""
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url=HOST) as client,
    ):
        while (await client.get("/health")).status_code != 200:
            await asyncio.sleep(0.05)
        yield client


def never() -> bool:
    return False


def resident_mb() -> float:
    gc.collect()
    return psutil.Process().memory_info().rss / 2**20


@dataclass
class Part:
    """What one process has asked, and how much it has grown."""

    described: Tally
    damaged: Tally
    resident_mb: list[float]


def part_of(run: Path, part: int, n_requests: int, n_bodies: int, seconds: float) -> Part:
    def until() -> Callable[[], bool]:
        end = time.monotonic() + seconds
        return lambda: time.monotonic() >= end

    loaded, resident = bundle.load(run), list[float]()
    with tempfile.TemporaryDirectory() as directory:
        app = app_of(loaded, Path(directory))
        described = described_requests(app, loaded.name, n_requests, until(), part)
    samples = [sent for kept in described.kept.values() for sent in kept]

    async def damage() -> Tally:
        with tempfile.TemporaryDirectory() as directory:
            app = app_of(loaded, Path(directory))
            async with running(app) as client:
                client.timeout = TIMEOUT_S
                await damaged_bodies(app, client, samples, WARM_UP, never, ROUNDS + part)
                resident.append(resident_mb())
                found = await damaged_bodies(app, client, samples, n_bodies, until(), part)
                resident.append(resident_mb())
                return found

    return Part(described, asyncio.run(damage()), resident)


def together(tallies: Sequence[Tally]) -> Tally:
    found = Tally()
    for tally in tallies:
        found.failures += tally.failures
        for operation, counts in tally.statuses.items():
            found.statuses.setdefault(operation, Counter()).update(counts)
    return found


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks fuzz")
    parser.add_argument("run", type=Path)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--bodies", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=3600, help="of each of the two, at most")
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args(arguments)
    n, started = chosen.processes, time.monotonic()
    with ProcessPoolExecutor(n, get_context("spawn")) as processes:
        waiting = [
            processes.submit(
                part_of, chosen.run, i, -(-chosen.requests // n), -(-chosen.bodies // n),
                chosen.seconds,
            )
            for i in range(n)
        ]  # fmt: skip
        parts = [each.result() for each in waiting]
    keep(
        "fuzz",
        {
            "machine": describe("schemathesis", "hypothesis", "fastapi", "starlette", "httpx"),
            "processes": n,
            "seconds": round(time.monotonic() - started),
            "from_the_description": together([part.described for part in parts]).result(),
            "damaged_bodies": together([part.damaged for part in parts]).result(),
            "resident_mb_before_and_behind_the_damaged": [
                [round(mb, 1) for mb in part.resident_mb] for part in parts
            ],
        },
    )
