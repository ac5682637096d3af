"""`kill -9` of the server while events are written; a disk that is full; events a second.

The server is the real one (`prompt-gen serve`), killed at a random moment of a phase that the dice
chose, while eight clients send 1,000 events and send again, with the same id, what was not
acknowledged; one event in ten is sent again though it was. Behind every kill all that had been
acknowledged must be in the store; at the end all 1,000, once each. That is done with SQLite and
with PostgreSQL; then PostgreSQL itself is killed under a server that goes on. A crash test says
something only with the phases that were hit: `killed_in` counts them.
"""

import argparse
import contextlib
import http.client
import json
import multiprocessing
import os
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.machine import describe, keep
from tests.feedback.stores import Postgres, postgres

N_EVENTS, N_CLIENTS, KILLS_PER_TRIAL = 1_000, 8, 10
# What the thread of the store does: `answer` is all behind a commit, until the next events come.
PHASES = ("start", "open", "begin", "insert", "commit", "answer")
WEIGHTS = (2, 2, 2, 5, 6, 4)
LONGEST_S = (0.5, 0.1, 0.0005, 0.003, 0.001, 0.004)  # about what they take
LEVELS, STEP_KB = 48, 8  # of the sweep over a full disk

_servers = multiprocessing.get_context("forkserver")


def watched(phase: Any) -> None:
    """Have this process tell what the store is doing."""
    from prompt_gen.feedback.database import Database
    from prompt_gen.feedback.store import Store

    def tell(name: str) -> None:
        phase.value = PHASES.index(name)

    opened, writing = Store.__init__, Database.writing

    def init(self: Store, *args: Any, **kwargs: Any) -> None:
        tell("open")
        opened(self, *args, **kwargs)
        tell("answer")

    @contextmanager
    def told(self: Database) -> Iterator[Any]:
        is_opening = phase.value == PHASES.index("open")
        if not is_opening:
            tell("begin")
        with writing(self) as connection:
            if not is_opening:
                tell("insert")
            yield connection
            if not is_opening:
                tell("commit")
        if not is_opening:
            tell("answer")

    Store.__init__, Database.writing = init, told


def serve(phase: Any, run: str, port: int, settings: list[str]) -> None:
    """What a child does."""
    watched(phase)
    from prompt_gen import cli

    overrides = [part for setting in settings for part in ("--set", setting)]
    sys.argv = ["prompt-gen", "serve", run, "--port", str(port), *overrides]
    with Path(os.devnull).open("w") as nothing:
        os.dup2(nothing.fileno(), 2)
    cli.main()


class Server:
    """`prompt-gen serve`, that can be killed and started again at the same port."""

    def __init__(self, run: Path, *settings: str) -> None:
        self._run, self._settings = run, list(settings)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.start()

    def start(self) -> None:
        self.phase = _servers.RawValue("i", 0)
        args = (self.phase, str(self._run), self.port, self._settings)
        self._process = _servers.Process(target=serve, args=args, daemon=True)
        self._process.start()

    def kill(self) -> None:
        self._process.kill()
        self._process.join()

    def kill_in(self, phase: str, delay_s: float, patience_s: float = 20) -> str:
        """Kill when a phase has begun, some time later; in what it was by then."""
        number, deadline = PHASES.index(phase), time.monotonic() + patience_s
        while self.phase.value != number and time.monotonic() < deadline:
            time.sleep(0.0002)
        time.sleep(delay_s)
        self.kill()
        return PHASES[self.phase.value]

    def stop(self) -> None:
        self._process.terminate()
        self._process.join(20)
        if self._process.is_alive():
            self.kill()

    def ask(self, path: str, body: Any) -> tuple[int, Any]:
        """Status and answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with closing(connection):
            headers = {"content-type": "application/json"}
            connection.request("POST", path, json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    def wait(self) -> None:
        while True:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.ask("/v1/complete", {"prompt": "高血压"})[0] == 200:
                    return
            time.sleep(0.1)


def new_event() -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()), "type": "accepted", "completion_id": f"cmpl-{uuid.uuid4().hex}",
        "session": f"note-{random.randrange(50)}", "user": f"user-{random.randrange(20)}",
        "choice_index": random.randrange(5), "prompt": "高血压患者", "text": "要注意饮食",
    }  # fmt: skip


@dataclass
class Clients:
    """Threads that send events until all are acknowledged."""

    server: Server
    n_events: int
    acknowledged: set[str] = field(default_factory=set)
    answers: Counter = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._waiting = [new_event() for _ in range(self.n_events)]
        self.threads = [threading.Thread(target=self._work) for _ in range(N_CLIENTS)]
        for thread in self.threads:
            thread.start()

    @property
    def are_done(self) -> bool:
        return not any(thread.is_alive() for thread in self.threads)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    return
                event = self._waiting.pop()
            self._until_acknowledged(event)
            if random.random() < 0.1 and self._until_acknowledged(event)["known"] != 1:
                self.wrong.append(f"sent again, but not known: {event['id']}")

    def _until_acknowledged(self, event: dict[str, Any]) -> dict[str, Any]:
        while True:
            try:
                status, answer = self.server.ask("/v1/events", event)
            except (OSError, http.client.HTTPException, ValueError):
                status, answer = 0, None  # refused, or cut off
            with self._lock:
                self.answers[status or "none"] += 1
                if status == 200:
                    self.acknowledged.add(event["id"].replace("-", ""))
                    return answer
                if status not in (0, 503, 507):
                    self.wrong.append(f"{status}: {answer}")
            time.sleep(0.02)


@dataclass
class Found:
    """What the kills have shown."""

    killed_in: Counter = field(default_factory=Counter)
    trials: int = 0
    events: int = 0
    lost: int = 0
    doubled: int = 0
    never_stored: int = 0
    answers: Counter = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    acknowledged_at_kills: list[int] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        at = self.acknowledged_at_kills
        return {
            "kills": self.killed_in.total(),
            "killed_in": {name: self.killed_in[name] for name in PHASES},
            "trials": self.trials,
            "events": self.events,
            "acknowledged_events_lost": self.lost,
            "events_doubled": self.doubled,
            "events_missing_at_the_end": self.never_stored,
            "integrity": self.wrong or "ok",
            "answers_by_status": {str(status): n for status, n in self.answers.items()},
            "kills_by_hundreds_of_events_acknowledged": [
                sum(n // 100 == hundred for n in at) for hundred in range(10)
            ],
        }


Held = Callable[[], tuple[list[str], str]]  # ids in the store, and what a check of it says


def in_file(path: Path) -> tuple[list[str], str]:
    with closing(sqlite3.connect(path)) as store:
        ids = [row[0] for row in store.execute("SELECT uuid FROM events")]
        checks = [store.execute(f"PRAGMA {name}").fetchall() for name in
                  ("integrity_check", "foreign_key_check")]  # fmt: skip
    return ids, "ok" if checks == [[("ok",)], []] else str(checks)


def in_server(url: str) -> tuple[list[str], str]:
    import psycopg

    with psycopg.connect(url) as store:
        return [row[0].hex for row in store.execute("SELECT uuid FROM events")], "ok"


@dataclass
class Trial:
    """What is killed, how it comes back, and where what it wrote is looked for."""

    server: Server
    held: Held
    strike: Callable[[], str]  # kills; the phase the store was in
    revive: Callable[[], None]

    def run(self, n_kills: int, found: Found) -> None:
        """Send 1,000 events with so many kills between them; look into the store behind each."""
        clients = Clients(self.server, N_EVENTS)
        for mark in sorted(random.sample(range(N_EVENTS - 20), n_kills)):
            while len(clients.acknowledged) < mark and not clients.are_done:
                time.sleep(0.0005)
            if clients.are_done:
                break
            found.killed_in[self.strike()] += 1
            known = set(clients.acknowledged)
            found.acknowledged_at_kills.append(len(known))
            self.check(known, found)
            self.revive()
        for thread in clients.threads:
            thread.join()
        self.check(clients.acknowledged, found)
        found.trials += 1
        found.events += N_EVENTS
        found.never_stored += N_EVENTS - len(set(self.held()[0]))
        found.answers += clients.answers
        found.wrong += clients.wrong

    def check(self, known: set[str], found: Found) -> None:
        ids, check = self.held()
        found.lost += len(known - set(ids))
        found.doubled += len(ids) - len(set(ids))
        if check != "ok":
            found.wrong.append(check)


def dice(phases: tuple[str, ...] = PHASES) -> tuple[str, float]:
    """A phase, and how long after its beginning to kill, seconds."""
    phase = random.choices(phases, [WEIGHTS[PHASES.index(name)] for name in phases])[0]
    return phase, random.random() * LONGEST_S[PHASES.index(phase)]


def server_killed(run: Path, setting: str, held: Held, n_kills: int, found: Found) -> None:
    """1,000 events through a server that is killed and started again."""
    server = Server(run, setting)

    def strike() -> str:
        phase, delay_s = dice()
        if phase in ("start", "open"):  # for these it has to come up first
            server.kill()
            server.start()
        return server.kill_in(phase, delay_s)

    Trial(server, held, strike, server.start).run(n_kills, found)
    server.stop()


def database_killed(
    run: Path, database: Postgres, setting: str, held: Held, n_kills: int, found: Found
) -> None:
    """1,000 events through a server that goes on while its PostgreSQL is killed."""
    server = Server(run, setting)
    server.wait()

    def strike() -> str:
        phase, delay_s = dice(("begin", "insert", "commit", "answer"))
        number = PHASES.index(phase)
        while server.phase.value != number:
            time.sleep(0.0002)
        time.sleep(delay_s)
        database.kill()
        hit = PHASES[server.phase.value]
        if server.ask("/v1/complete", {"prompt": "高血压"})[0] != 200:
            found.wrong.append("no completion without the store")
        database.start()
        return hit

    Trial(server, held, strike, lambda: None).run(n_kills, found)
    server.stop()


def kills(run: Path, where: Path, database: Postgres, n_kills: int) -> dict[str, Any]:
    """Trials of all three kinds until there were so many kills of each."""
    of_file, of_postgres, of_database = Found(), Found(), Found()
    for number in range(-(-n_kills // KILLS_PER_TRIAL)):
        path = where / f"{number}.sqlite"
        held = partial(in_file, path)
        server_killed(run, f"feedback.path={path}", held, KILLS_PER_TRIAL, of_file)
        print("sqlite", of_file.row(), file=sys.stderr, flush=True)
        url = database.url(f"server-{number}")
        held = partial(in_server, url)
        server_killed(run, f"feedback.url={url}", held, KILLS_PER_TRIAL, of_postgres)
        print("postgresql", of_postgres.row(), file=sys.stderr, flush=True)
    for number in range(-(-n_kills // 2 // KILLS_PER_TRIAL)):
        url = database.url(f"database-{number}")
        held = partial(in_server, url)
        setting = f"feedback.url={url}"
        database_killed(run, database, setting, held, KILLS_PER_TRIAL, of_database)
        print("postgresql itself", of_database.row(), file=sys.stderr, flush=True)
    return {
        "server_killed_sqlite": of_file.row(),
        "server_killed_postgresql": of_postgres.row(),
        "postgresql_itself_killed": of_database.row(),
    }


def full_disk(run: Path, where: Path) -> dict[str, Any]:
    """A small disk with less and less room: what is refused, what stays, and how it goes on."""
    disk = where / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        return {"skipped": "a small disk cannot be mounted here"}
    path, filler = disk / "feedback.sqlite", disk / "filler"
    acknowledged: set[str] = set()
    refused, wrong, n_recovered = Counter(), [], 0
    server = Server(run, f"feedback.path={path}")
    try:
        server.wait()
        for level in range(LEVELS):
            room = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
            filler.write_bytes(bytes(max(0, room - STEP_KB * 1024 * (level % 16))))
            for _ in range(1_000):
                event = new_event()
                status, _ = server.ask("/v1/events", event)
                if status != 200:
                    refused[f"{status}"] += 1
                    break
                acknowledged.add(event["id"].replace("-", ""))
            else:
                wrong.append(f"level {level}: never refused")
            if server.ask("/v1/complete", {"prompt": "高血压"})[0] != 200:
                wrong.append(f"level {level}: no completion")
            filler.unlink()
            time.sleep(1.1)  # as Retry-After asks
            again, _ = server.ask("/v1/events", event)
            n_recovered += again == 200
            acknowledged |= {event["id"].replace("-", "")} if again == 200 else set()
            if room < 300_000:  # its own growth has taken the disk: begin anew
                server.stop()
                wrong += checked(path, acknowledged)
                acknowledged.clear()
                for old in disk.iterdir():
                    old.unlink()
                server.start()
                server.wait()
        server.stop()
        wrong += checked(path, acknowledged)
    finally:
        server.stop()
        subprocess.run(["umount", str(disk)], check=False)
    return {
        "levels": LEVELS,
        "refused_by_status": dict(refused),
        "went_on_when_there_was_room": n_recovered,
        "wrong": wrong,
    }


def checked(path: Path, acknowledged: set[str]) -> list[str]:
    """What is wrong with a store that should hold these."""
    ids, check = in_file(path)
    lost, doubled = len(acknowledged - set(ids)), len(ids) - len(set(ids))
    return [f"{lost} lost, {doubled} doubled, {check}"] if lost or doubled or check != "ok" else []


def throughput(run: Path, setting: str, seconds: float) -> dict[str, float]:
    """Acknowledged events a second, from one client, from sixteen, and in lists of twenty."""
    server = Server(run, setting)
    server.wait()
    found = {}
    for name, n_clients, n_events in (
        ("one client", 1, 1), ("sixteen clients", 16, 1), ("sixteen clients, lists of 20", 16, 20),
    ):  # fmt: skip
        counts: list[int] = []
        deadline = time.monotonic() + seconds

        def work(n_events: int = n_events, deadline: float = deadline, counts=counts) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", server.port)
            with closing(connection):
                while time.monotonic() < deadline:
                    body = json.dumps([new_event() for _ in range(n_events)])
                    headers = {"content-type": "application/json"}
                    connection.request("POST", "/v1/events", body, headers)
                    answer = json.loads(connection.getresponse().read())
                    counts.append(answer["stored"])

        threads = [threading.Thread(target=work) for _ in range(n_clients)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found[name] = round(sum(counts) / (time.monotonic() - began), 1)
    server.stop()
    return found


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path, help="a run directory or a bundle to serve")
    parser.add_argument("--kills", type=int, default=60, help="of each kind")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each throughput")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    random.seed(args.seed)
    _servers.set_forkserver_preload(["benchmarks.events", "prompt_gen.cli.use",
                                     "prompt_gen.server", "prompt_gen.feedback.store"])  # fmt: skip
    began = time.monotonic()
    where = Path(tempfile.mkdtemp(prefix="prompt-gen-events-"))
    try:
        with postgres(where) as database:
            result = {
                "machine": describe("sqlalchemy", "alembic", "psycopg"),
                "sqlite": sqlite3.sqlite_version,
                "seed": args.seed,
                **kills(args.run, where, database, args.kills),
                "full_disk_sqlite": full_disk(args.run, where),
                "events_acknowledged_per_second": {
                    "sqlite": throughput(
                        args.run, f"feedback.path={where / 'quick.sqlite'}", args.seconds
                    ),
                    "postgresql": throughput(
                        args.run, f"feedback.url={database.url('quick')}", args.seconds
                    ),
                },
                "wall_s": round(time.monotonic() - began, 1),
            }
    finally:
        shutil.rmtree(where)
    keep("events", result)
    rows = [row for row in result.values() if isinstance(row, dict) and "trials" in row]
    if any(row["acknowledged_events_lost"] or row["events_doubled"] for row in rows):
        raise SystemExit("events were lost or doubled")
