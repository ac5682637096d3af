"""The HTTP server under load: people who type, far too many of them, and people who vanish.

    python -m benchmarks load RUN [--typists 16 64] [--minutes 10] [--overload 4] [--vanishing 1000]

A server of its own on loopback, and this client in another process. Four stages, one after another:

typists     each writes held-out lines at about five keys a second, with pauses between words and
            lines, asks behind every key in a session as the page does, and goes on typing whether
            the list is there or not; memory of the server in the first and the last minute
capacity    as many answers a second as it gives to clients that ask one question behind the other
overload    so many times as many questions a second, whatever becomes of those before; then a
            tenth of the capacity again: how long until 95 % of its answers are as fast as usual
vanishing   clients that ask for a stream and hang up in its midst: how long until nobody is worked
            for any more, as /metrics says
"""

import argparse
import asyncio
import json
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.machine import DATA, describe, keep
from benchmarks.serving import served

KEYS_PER_S, SPREAD_S = 5.0, 0.05
PAUSE_S = (0.5, 2.5)  # between two lines, and with one key in PAUSES of a line
PAUSES = 12
OVERLOAD_S = 60.0  # of requests, at most
USUAL = 0.1  # share of the capacity that is usual
SLOW = 2.0  # recovered: the p95 of a tenth of a second is no more than so many times the usual one
GIVE_UP_S = 20.0


class Client:
    """Requests over connections that are kept; a small one, which loads the machine less."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def post(self, **body: Any) -> tuple[int, float]:
        """The status of /v1/complete, and the milliseconds to the end of its answer."""
        started = time.perf_counter()
        for is_fresh in (False, True):  # a connection that was kept may have been closed meanwhile
            reader, writer = await self._connection(is_fresh)
            try:
                writer.write(request(body))
                status = await answer(reader)
            except (ConnectionError, asyncio.IncompleteReadError):
                writer.close()
                if is_fresh:
                    return 0, (time.perf_counter() - started) * 1000
                continue
            self._free.append((reader, writer))
            return status, (time.perf_counter() - started) * 1000
        raise AssertionError

    async def _connection(self, fresh: bool) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._free and not fresh:
            return self._free.pop()
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def get(self, path: str) -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        head = f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n"
        writer.write(head.encode())
        text = (await reader.read()).decode()
        writer.close()
        return text

    async def counted(self, name: str) -> int:
        """What a counter of /metrics stands at."""
        page = await self.get("/metrics")
        found = re.findall(rf"^prompt_gen_{re.escape(name)} (\S+)$", page, re.MULTILINE)
        return int(float(found[0])) if found else 0

    async def at_work(self) -> float:
        """Requests that the server works for, or that wait."""
        page = await self.get("/metrics")
        names = ("prompt_gen_at_work", "prompt_gen_queue_depth")
        return sum(float(re.findall(rf"^{name} (\S+)$", page, re.M)[0]) for name in names)


def request(body: dict[str, Any]) -> bytes:
    data = json.dumps(body, ensure_ascii=False).encode()
    head = (
        "POST /v1/complete HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        f"content-length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


async def answer(reader: asyncio.StreamReader) -> int:
    """Read one answer to its end: its status."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    status = int(head.split(" ", 2)[1])
    if status == 503:
        assert "retry-after: " in head
    await reader.readexactly(int(re.findall(r"content-length: (\d+)", head)[0]))
    return status


async def typist(
    client: Client, lines: list[str], seed: int, end: float
) -> list[tuple[int, float]]:
    """Status and milliseconds of every key of one who types until then."""
    rng, waits = random.Random(seed), list[asyncio.Task[tuple[int, float]]]()
    await asyncio.sleep(rng.random() / KEYS_PER_S)
    while time.monotonic() < end:
        line, session = rng.choice(lines), f"{seed}-{rng.random()}"
        for n in range(1, len(line)):
            asking = client.post(prompt=line[:n], session=session, seq=n)
            waits.append(asyncio.create_task(asking))
            key_s = max(0.02, rng.gauss(1 / KEYS_PER_S, SPREAD_S))
            await asyncio.sleep(key_s if rng.randrange(PAUSES) else rng.uniform(*PAUSE_S))
            if time.monotonic() >= end:
                break
        await asyncio.sleep(rng.uniform(*PAUSE_S))
    return await asyncio.wait_for(asyncio.gather(*waits), GIVE_UP_S)


async def typing(
    client: Client, process: psutil.Process, lines: list[str], n: int, seconds: float
) -> dict[str, Any]:
    end, memory = time.monotonic() + seconds, list[float]()

    async def weigh() -> None:
        while time.monotonic() < end:
            memory.append(process.memory_info().rss / 2**20)
            await asyncio.sleep(1)

    before, started = process.cpu_times(), time.monotonic()
    *users, _ = await asyncio.gather(*(typist(client, lines, i, end) for i in range(n)), weigh())
    wall_s, after = time.monotonic() - started, process.cpu_times()
    cpu_s = after.user + after.system - before.user - before.system
    answers = [each for user in users for each in user]
    slowest = [float(np.percentile([ms for _, ms in user], 95)) for user in users if user]
    minute = min(60, len(memory) // 3 or 1)
    hurried = await client.counted("hurried_total")
    return {
        "typists": n,
        "seconds": round(seconds),
        **told(answers, fine=(200, 499)),
        "of_the_memory_alone": hurried,
        "p95_ms_of_the_worst_served": round(max(slowest), 1),
        "server_cpu_ms_per_key": round(1000 * cpu_s / len(answers), 2),
        "server_share_of_one_core": round(cpu_s / wall_s, 3),
        "memory_mb_first_minute": round(float(np.mean(memory[:minute]))),
        "memory_mb_last_minute": round(float(np.mean(memory[-minute:]))),
        "threads": process.num_threads(),
        "open_files": process.num_fds(),
    }


def told(answers: list[tuple[int, float]], fine: tuple[int, ...] = (200,)) -> dict[str, Any]:
    """How many answers there were of each status, and how long the lists took."""
    ms = [each for status, each in answers if status == 200]
    return {
        "keys": len(answers),
        "errors": sum(status not in fine for status, _ in answers),
        "statuses": dict(sorted(Counter(status for status, _ in answers).items())),
        **{f"p{q}_ms": round(float(np.percentile(ms, q)), 1) for q in (50, 95, 99) if ms},
    }


async def in_turn(client: Client, prompts: list[str], n: int, seconds: float) -> float:
    """Answers a second to n clients that ask one question behind the other."""
    end, n_answers = time.monotonic() + seconds, 0

    async def ask(rng: random.Random) -> None:
        nonlocal n_answers
        while time.monotonic() < end:
            status, _ = await client.post(prompt=rng.choice(prompts))
            n_answers += status == 200

    await asyncio.gather(*(ask(random.Random(i)) for i in range(n)))
    return n_answers / seconds


async def at_rate(
    client: Client, prompts: list[str], per_s: float, seconds: float
) -> list[tuple[float, int, float]]:
    """When asked (seconds from the start), status, milliseconds; whatever becomes of the others."""
    rng, started = random.Random(0), time.monotonic()
    found, waits, at = list[tuple[float, int, float]](), set[asyncio.Task[None]](), 0.0

    async def ask(when: float) -> None:
        found.append((when, *await client.post(prompt=rng.choice(prompts))))

    while at < seconds:
        at += rng.expovariate(per_s)
        if (ahead := at - (time.monotonic() - started)) > 0:
            await asyncio.sleep(ahead)
        waits.add(asyncio.create_task(ask(at)))
    await within(asyncio.gather(*waits))
    return found


async def within(waits: Awaitable[Any]) -> None:
    await asyncio.wait_for(waits, GIVE_UP_S)


async def overload(
    client: Client, prompts: list[str], times: float, seconds: float
) -> dict[str, Any]:
    capacity = await in_turn(client, prompts, 8, max(5.0, seconds / 4))
    usual = await at_rate(client, prompts, USUAL * capacity, max(5.0, seconds / 4))
    usual_ms = float(np.percentile([ms for _, status, ms in usual if status == 200], 95))
    over = await at_rate(client, prompts, times * capacity, seconds)
    after = await at_rate(client, prompts, USUAL * capacity, 10.0)
    late = [when for when, status, ms in after if status != 200 or ms > SLOW * usual_ms]
    found = told([each[1:] for each in over], fine=(200, 503))
    return {
        "capacity_per_s": round(capacity, 1),
        "usual_p95_ms": round(usual_ms, 1),
        "asked_per_s": round(len(over) / seconds, 1),
        "answered_per_s": round(found["statuses"].get(200, 0) / seconds, 1),
        **found,
        "p99_ms_of_those_refused": round(
            float(np.percentile([ms for _, status, ms in over if status == 503] or [0], 99)), 1
        ),
        "afterwards": told([each[1:] for each in after]),
        "slower_than_usual_afterwards": len(late),
        "recovered_after_s": round(recovered(after, SLOW * usual_ms), 2),
    }


def recovered(after: list[tuple[float, int, float]], limit_ms: float) -> float:
    """From when on 95 % of all later answers are lists, and fast enough; seconds."""
    after = sorted(after)
    is_fine = np.array([status == 200 and ms <= limit_ms for _, status, ms in after])
    share = is_fine[::-1].cumsum()[::-1] / np.arange(len(after), 0, -1)
    good = np.flatnonzero(share >= 0.95)
    return after[int(good[0])][0] if len(good) else float("inf")


async def vanishing(client: Client, prompts: list[str], n: int) -> dict[str, Any]:
    rng, n_begun = random.Random(0), 0

    async def leave() -> None:
        nonlocal n_begun
        reader, writer = await asyncio.open_connection("127.0.0.1", client.port)
        body = {"prompt": rng.choice(prompts), "stream": True, "n": 20, "max_chars": 200}
        writer.write(request(body))
        try:
            head = await asyncio.wait_for(reader.read(200), GIVE_UP_S)
            n_begun += head.startswith(b"HTTP/1.1 200")
        finally:
            writer.transport.abort()

    for _ in range(0, n, 20):
        await asyncio.gather(*(leave() for _ in range(min(20, n))))
    started = time.monotonic()
    while await client.at_work():
        assert time.monotonic() - started < GIVE_UP_S
        await asyncio.sleep(0.005)
    gone_ms = (time.monotonic() - started) * 1000
    return {
        "clients": n,
        "left_within_a_stream": n_begun,
        "cancelled": await client.counted('cancelled_total{reason="disconnected"}'),
        "nothing_at_work_after_ms": round(gone_ms, 1),
    }


async def measured(args: argparse.Namespace) -> dict[str, Any]:
    text = (DATA / "bench" / "medical-zh.test.txt").read_text("utf-8")
    lines = [line for line in text.splitlines() if len(line) > 3]
    rng = random.Random(0)
    prompts = [line[: rng.randrange(1, len(line))] for line in lines]
    typists = []
    for n in args.typists:
        with served(args.run) as (port, process):
            typists.append(await typing(Client(port), process, lines, n, args.minutes * 60))
        print(typists[-1], file=sys.stderr)
    with served(args.run) as (port, _):
        over = await overload(
            Client(port), prompts, args.overload, min(OVERLOAD_S, args.minutes * 60)
        )
        print(over, file=sys.stderr)
    with served(args.run) as (port, _):
        gone = await vanishing(Client(port), prompts, args.vanishing)
    return {"typists": typists, "overload": {"times": args.overload, **over}, "vanishing": gone}


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("--typists", type=int, nargs="+", default=[1, 16, 64])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--overload", type=float, default=4)
    parser.add_argument("--vanishing", type=int, default=1000)
    found = asyncio.run(measured(parser.parse_args(argv)))
    keep("load", {"machine": describe("onnxruntime", "fastapi", "uvicorn"), **found})
