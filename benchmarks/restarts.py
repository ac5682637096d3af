"""Bundles exchanged under load, damaged ones refused, and servers ended while they answer.

    python -m benchmarks restarts RUN [--swaps 500] [--broken 100] [--ends 100]

Four clients ask the same questions all the time, each over connections of its own. Three stages:

swaps    two bundles that score alike lists differently take turns; every answer has to be, from its
         first to its last candidate, that of the bundle whose version it names
broken   the bundle is damaged, a byte or the end of one file, and loaded: it has to be refused, and
         what is asked meanwhile answered as before; then the whole one is loaded again
ends     a server is started, asked, and ended by SIGTERM: whatever was sent before the signal has
         to be answered, and the process to end with 0
"""

import argparse
import asyncio
import itertools
import random
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil

from benchmarks.machine import describe, keep
from benchmarks.serving import served
from prompt_gen import bundle
from prompt_gen.bundle import Bundle
from prompt_gen.config import EngineConfig
from prompt_gen.engine import Completer
from prompt_gen.server.served import version

N_CLIENTS = 4
PATIENCE_S = 60.0
DEADLINE_MS = 10_000.0  # the longest that may be asked for: lists are to be whole
WARMER = 2.0  # temperature of the second bundle, times that of the first
WARM_UP = 20  # swaps before memory is measured
QUESTIONS = (
    "高血压",
    "糖尿病患者可以",
    "孩子发烧",
    "我想问一下",
    "怀孕",
    "头晕",
    "吃什么药",
    "检查",
)


@dataclass
class Asked:
    """What clients have sent, and what has come of it."""

    statuses: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


Judge = Callable[[str, dict[str, Any]], bool]  # whether an answer to a question is right


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("--swaps", type=int, default=500)
    parser.add_argument("--broken", type=int, default=100)
    parser.add_argument("--ends", type=int, default=100)
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as directory:
        where = Path(directory)
        ways = _two(bundle.load(args.run), where)
        with served(where / "served") as (port, process):
            swaps = asyncio.run(_swaps(port, process, ways, where, args.swaps))
            broken = asyncio.run(_broken(port, ways, where, args.broken))
        ends = _ends(where / "served", args.ends)
    found = {"swaps": swaps, "broken": broken, "ends": ends}
    keep("restarts", {"machine": describe("fastapi", "uvicorn", "onnxruntime")} | found)


def _two(made: Bundle, where: Path) -> list[Path]:
    """The bundle that is served, and one that waits: the same lists, other scores."""
    ways = [where / "served", where / "waiting"]
    for way in ways:
        shutil.copytree(made.path, way)
    bundle.attach_calibration(bundle.load(ways[1]), made.temperature * WARMER, {})
    return ways


def _exchange(where: Path) -> None:
    for old, new in (("served", "aside"), ("waiting", "served"), ("aside", "waiting")):
        (where / old).rename(where / new)


# -- clients -------------------------------------------------------------------------------------


@asynccontextmanager
async def _clients(url: str, is_right: Judge) -> AsyncIterator[Asked]:
    """Clients that ask until the block is left."""
    asked, is_over = Asked(), asyncio.Event()
    asking = [asyncio.create_task(_ask(url, is_right, asked, is_over)) for _ in range(N_CLIENTS)]
    try:
        yield asked
    finally:
        is_over.set()
        await asyncio.gather(*asking)


async def _ask(url: str, is_right: Judge, asked: Asked, is_over: asyncio.Event) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE_S) as client:
        for question in itertools.cycle(QUESTIONS):
            if is_over.is_set():
                return
            answer = await client.post("/v1/complete", json=_body(question))
            asked.statuses[str(answer.status_code)] += 1
            if answer.status_code != 200 or not is_right(question, answer.json()):
                asked.wrong.append(f"{question}: {answer.status_code} {answer.text[:200]}")


def _body(question: str) -> dict[str, Any]:
    return {"prompt": question, "deadline_ms": DEADLINE_MS}


def _right(ways: list[Path]) -> Judge:
    """Whether an answer is that of the bundle whose version it names."""
    known = {}
    for made in map(bundle.load, ways):
        completer = Completer.of(made, EngineConfig(deadline_ms=DEADLINE_MS))
        lists = {question: completer.complete(question) for question in QUESTIONS}
        known[version(made)] = {
            question: [(c.text, round(c.score, 5)) for c in found]
            for question, found in lists.items()
        }
    assert len(known) == len(ways), "the two bundles cannot be told apart"

    def is_right(question: str, answer: dict[str, Any]) -> bool:
        if answer["hurried"]:  # of the memory alone, which both have
            return True
        found = [(c["text"], round(c["score"], 5)) for c in answer["candidates"]]
        return found == known[answer["version"]][question]

    return is_right


# -- stages --------------------------------------------------------------------------------------


async def _swaps(
    port: int, process: psutil.Process, ways: list[Path], where: Path, n: int
) -> dict[str, Any]:
    url, is_right = f"http://127.0.0.1:{port}", _right(ways)
    versions, seconds, rss = Counter[str](), list[float](), list[float]()
    async with _clients(url, is_right) as asked, httpx.AsyncClient(base_url=url) as admin:
        for _ in range(n):
            _exchange(where)
            started = time.perf_counter()
            answer = await admin.post("/admin/reload", timeout=PATIENCE_S)
            seconds.append(time.perf_counter() - started)
            versions[answer.raise_for_status().json()["version"]] += 1
            rss.append(process.memory_info().rss / 2**20)
    return _told(asked) | {
        "swaps": n,
        "of_each_version": sorted(versions.values()),
        "reload_s": _quantiles(seconds),
        "rss_mb": {"after_warm_up": round(rss[min(WARM_UP, n - 1)]), "last": round(rss[-1])},
    }


async def _broken(port: int, ways: list[Path], where: Path, n: int) -> dict[str, Any]:
    url, is_right, rng = f"http://127.0.0.1:{port}", _right(ways), random.Random(0)
    refused, back_s, files = Counter[int](), list[float](), Counter[str]()
    async with _clients(url, is_right) as asked, httpx.AsyncClient(base_url=url) as admin:
        for _ in range(n):
            hurt = rng.choice([*bundle.load(where / "served").manifest["files"], bundle.MANIFEST])
            files[hurt] += 1
            whole = _damage(where / "served" / hurt, rng)
            answer = await admin.post("/admin/reload", timeout=PATIENCE_S)
            refused[answer.status_code] += 1
            whole.replace(where / "served" / hurt)
            started = time.perf_counter()
            (await admin.post("/admin/reload", timeout=PATIENCE_S)).raise_for_status()
            back_s.append(time.perf_counter() - started)
    return _told(asked) | {
        "broken": n,
        "answers_to_reload": {str(status): count for status, count in sorted(refused.items())},
        "back_s": _quantiles(back_s),
        "files": dict(files.most_common()),
    }


def _damage(path: Path, rng: random.Random) -> Path:
    """Change a byte of a file or cut its end off; what is whole, beside it.

    In a file of its own: the server has the old one mapped.
    """
    whole, data = path.with_name(f"{path.name}.whole"), bytearray(path.read_bytes())
    if rng.random() < 0.5 and len(data) > 1:
        del data[rng.randrange(1, len(data)) :]
    else:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.rename(whole)
    path.write_bytes(data)
    return whole


def _ends(served_at: Path, n: int) -> dict[str, Any]:
    """Servers that are ended while they answer."""
    rng, before, behind, codes = random.Random(0), Counter[str](), Counter[str](), Counter[int]()
    seconds = []
    for _ in range(n):
        with served(served_at) as (port, process):
            sent = asyncio.run(_until_it_ends(port, process, rng.uniform(0.05, 0.5), seconds))
            codes[process.wait(PATIENCE_S)] += 1
        before.update(what for is_before, what in sent if is_before)
        behind.update(what for is_before, what in sent if not is_before)
    return {
        "ends": n,
        "exit_codes": {str(code): count for code, count in codes.items()},
        "sent_before_the_signal": dict(before),
        "sent_behind_it": dict(behind),
        "end_s": _quantiles(seconds),
    }


async def _until_it_ends(
    port: int, process: psutil.Process, after_s: float, seconds: list[float]
) -> list[tuple[bool, str]]:
    """What became of each request, and whether it was sent before the signal."""
    signalled: list[float] = []
    sent: list[tuple[float, str]] = []

    async def ask() -> None:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as c:
            for question in itertools.cycle(QUESTIONS):
                started = time.monotonic()
                try:
                    what = str((await c.post("/v1/complete", json=_body(question))).status_code)
                except httpx.TransportError as error:
                    sent.append((started, type(error).__name__))
                    return
                sent.append((started, what))

    asking = [asyncio.create_task(ask()) for _ in range(N_CLIENTS)]
    async with asyncio.timeout(PATIENCE_S):
        while sum(what == "200" for _, what in sent) < N_CLIENTS:  # all are under way
            await asyncio.sleep(0.01)
    await asyncio.sleep(after_s)
    signalled.append(time.monotonic())
    process.send_signal(signal.SIGTERM)
    with suppress(psutil.Error):
        await asyncio.to_thread(process.wait, PATIENCE_S)
    seconds.append(time.monotonic() - signalled[0])
    await asyncio.gather(*asking)
    return [(started < signalled[0], what) for started, what in sent]


def _told(asked: Asked) -> dict[str, Any]:
    return {
        "answers": dict(asked.statuses),
        "wrong_answers": len(asked.wrong),
        "first_wrong": asked.wrong[:5],
    }


def _quantiles(seconds: list[float]) -> dict[str, float]:
    p50, p95 = np.percentile(seconds, [50, 95])
    return {name: round(float(x), 3) for name, x in
            (("p50", p50), ("p95", p95), ("most", max(seconds)))}  # fmt: skip
