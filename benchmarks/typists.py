"""People who type at the same time: what each waits for a list, through the HTTP API.

    python -m benchmarks typists RUN [--typists 16] [--seconds 60]

A server of its own on loopback; each typist writes held-out lines at about five keys a second, asks
behind every key in a session as the page does, and goes on typing whether the list is there or not.
"""

import argparse
import asyncio
import random
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import numpy as np
import psutil

from benchmarks.machine import DATA, describe, keep

KEYS_PER_S, SPREAD_S = 5.0, 0.05
GIVE_UP_S = 5.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def ready(client: httpx.AsyncClient) -> None:
    for _ in range(300):
        try:
            if (await client.get("/health")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.1)
    raise SystemExit("the server did not start")


async def typist(
    client: httpx.AsyncClient, lines: list[str], seed: int, seconds: float
) -> list[tuple[float, int]]:
    """Milliseconds from key to list, and status, of every key."""
    rng, waits, found = random.Random(seed), set(), list[tuple[float, int]]()
    end = time.monotonic() + seconds

    async def ask(prompt: str, session: str, seq: int) -> None:
        started = time.perf_counter()
        body = {"prompt": prompt, "session": session, "seq": seq}
        status = (await client.post("/v1/complete", json=body)).status_code
        found.append(((time.perf_counter() - started) * 1000, status))

    await asyncio.sleep(rng.random() / KEYS_PER_S)
    while time.monotonic() < end:
        line, session = rng.choice(lines), f"{seed}-{rng.random()}"
        for n in range(1, len(line)):
            waits.add(asyncio.create_task(ask(line[:n], session, n)))
            await asyncio.sleep(max(0.02, rng.gauss(1 / KEYS_PER_S, SPREAD_S)))
            if time.monotonic() >= end:
                break
    await asyncio.wait_for(asyncio.gather(*waits), GIVE_UP_S)
    return found


async def measured(port: int, n: int, seconds: float, process: psutil.Process) -> dict[str, object]:
    text = (DATA / "bench" / "medical-zh.test.txt").read_text("utf-8")
    lines = [line for line in text.splitlines() if len(line) > 3]
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", limits=limits) as client:
        await ready(client)
        before, started = process.cpu_times(), time.monotonic()
        users = await asyncio.gather(*(typist(client, lines, i, seconds) for i in range(n)))
        wall_s, after = time.monotonic() - started, process.cpu_times()
    ms = np.array([wait for user in users for wait, _ in user])
    slowest = [float(np.percentile([wait for wait, _ in user], 95)) for user in users]
    cpu_s = after.user + after.system - before.user - before.system
    return {
        "typists": n,
        "keys": len(ms),
        "not_200": sum(status != 200 for user in users for _, status in user),
        "p50_ms": round(float(np.percentile(ms, 50)), 1),
        "p95_ms": round(float(np.percentile(ms, 95)), 1),
        "p99_ms": round(float(np.percentile(ms, 99)), 1),
        "p95_ms_of_the_worst_served": round(max(slowest), 1),
        "p95_ms_of_the_best_served": round(min(slowest), 1),
        "server_cpu_ms_per_key": round(1000 * cpu_s / len(ms), 2),
        "server_share_of_one_core": round(cpu_s / wall_s, 3),
        "memory_mb": round(process.memory_info().rss / 2**20),
    }


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("--typists", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--seconds", type=float, default=60)
    args = parser.parse_args(argv)
    rows = []
    for n in args.typists:
        port = free_port()
        command = [sys.executable, "-m", "prompt_gen", "serve", str(args.run), "--port", str(port)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
            try:
                made = measured(port, n, args.seconds, psutil.Process(server.pid))
                rows.append(asyncio.run(made))
            finally:
                server.terminate()
        print(rows[-1])
    keep("typists", {"machine": describe("onnxruntime", "fastapi", "uvicorn"), "rows": rows})
