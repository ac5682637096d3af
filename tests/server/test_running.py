"""A server process: what signals mean to it, and what happens to requests meanwhile."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from prompt_gen.run import Run
from tests.server.conftest import wait_for


class Process:
    """`prompt-gen serve` on a free port."""

    def __init__(self, run: Path, *settings: str) -> None:
        command = [sys.executable, "-m", "prompt_gen", "serve", str(run), "--port", "0"]
        for each in settings:
            command += ["--set", each]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        line = self.process.stderr.readline()
        self.url = "http://" + line.split("http://")[1].split("/")[0]

    def ready(self) -> bool:
        return httpx.get(f"{self.url}/health/ready").status_code == 200

    def signal(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def end(self) -> tuple[int, str]:
        """Its exit code and what it has said."""
        said = self.process.communicate(timeout=60)[1]
        return self.process.returncode, said

    def count(self, name: str) -> float:
        page = httpx.get(f"{self.url}/metrics").text
        found = [line for line in page.splitlines() if line.startswith(f"prompt_gen_{name} ")]
        return float(found[0].rsplit(" ", 1)[1])


@pytest.fixture
def copy(trained: Run, tmp_path: Path) -> Path:
    """A bundle that may be changed."""
    where = tmp_path / "copy"
    shutil.copytree(trained.path / "bundle", where, symlinks=False)
    return where


@pytest.fixture
def process(copy: Path) -> Iterator[Process]:
    started = Process(copy, "serve.log_requests=true", "feedback.enabled=false")
    try:
        wait_for(started.ready)
        yield started
    finally:
        started.process.kill()
        started.process.communicate()


def test_sigterm_answers_what_was_asked_and_ends_with_0(process: Process) -> None:
    """Requests come until an answer says that it is the last: each is answered, or never taken."""
    statuses: list[int] = []
    last: list[int] = []

    def ask(n: int) -> None:
        with httpx.Client(base_url=process.url, timeout=30) as client:
            for i in range(1000):
                try:
                    answer = client.post("/v1/complete", json={"prompt": f"高血压{n}和{i}"})
                except httpx.ConnectError:
                    return
                except (httpx.ReadError, httpx.RemoteProtocolError):
                    statuses.append(-1)
                    return
                statuses.append(answer.status_code)
                if answer.headers.get("connection") == "close":
                    last.append(n)

    with ThreadPoolExecutor(3) as people:
        for n in range(3):
            people.submit(ask, n)
        wait_for(lambda: len(statuses) > 10)
        process.signal(signal.SIGTERM)
    code, said = process.end()
    assert code == 0
    assert set(statuses) - {-1} <= {200, 503}
    assert last
    # A connection that was idle is closed; its next request may cross that on the way, no other.
    assert statuses.count(-1) <= 3
    assert "Traceback" not in said
    assert "高血压" not in said


def test_a_line_for_each_request_without_what_was_typed(process: Process) -> None:
    name = "a-1"
    answer = httpx.post(
        f"{process.url}/v1/complete", json={"prompt": "保密"}, headers={"x-request-id": name}
    )
    assert answer.headers["x-request-id"] == name
    evil = httpx.get(f"{process.url}/a%0ab%1b[31m", headers={"x-request-id": "a b\x1b[31m"})
    assert evil.status_code == 404
    assert evil.headers["x-request-id"].isalnum()
    process.signal(signal.SIGTERM)
    said = process.end()[1]
    lines = [json.loads(line[line.index("{") :]) for line in said.splitlines() if "{" in line]
    (line,) = [each for each in lines if each["request"] == name]
    assert line.items() >= {"method": "POST", "route": "/v1/complete", "status": 200}.items()
    assert "保密" not in said
    assert "\\u4fdd" not in said
    assert "\x1b" not in said
    assert "[31m" not in said


def versions(process: Process) -> tuple[str, str]:
    model = httpx.get(f"{process.url}/v1/models").json()["data"][0]
    answer = httpx.post(f"{process.url}/v1/complete", json={"prompt": "高血压"}).json()
    return model["version"], answer["version"]


def change(bundle: Path, temperature: float) -> None:
    (bundle / "calibration.json").write_text(json.dumps({"temperature": temperature}), "utf-8")


@pytest.mark.parametrize("how", ["signal", "request"])
def test_a_bundle_is_loaded_anew(process: Process, copy: Path, how: str) -> None:
    before = versions(process)
    change(copy, 3.0)
    assert versions(process) == before  # not before it is told to
    if how == "signal":
        process.signal(signal.SIGHUP)
        wait_for(lambda: versions(process) != before)
    else:
        answer = httpx.post(f"{process.url}/admin/reload", timeout=60)
        assert answer.status_code == 200
        assert answer.json()["version"] == versions(process)[0]
    first, second = versions(process)
    assert first == second
    assert first != before[0]


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (lambda b: (b / "model.onnx").write_bytes(b"x"), "has changed"),
        (lambda b: (b / "calibration.json").write_text("{}"), "cannot be read"),
        (lambda b: shutil.rmtree(b), "no such directory"),
        (lambda b: (b / "manifest.json").write_text("{"), "cannot be read"),
    ],
)
def test_a_bundle_that_is_refused_leaves_the_old_one_at_work(
    process: Process, copy: Path, harm, why: str
) -> None:
    before = versions(process)
    harm(copy)
    answer = httpx.post(f"{process.url}/admin/reload", timeout=60)
    assert answer.status_code in (400, 404, 500)
    assert why in answer.json()["error"]["message"]
    answer = httpx.post(f"{process.url}/v1/complete", json={"prompt": "高血压"}).json()
    assert answer["version"] == before[1]
    assert answer["candidates"]
    assert process.count('reloads_total{outcome="refused"}') == 1


def test_requests_during_a_reload_are_answered_by_one_model_each(
    process: Process, copy: Path
) -> None:
    """Two bundles that differ in their scores: each answer has those of the version it names."""

    def ask(client: httpx.Client, i: int) -> tuple[str, str]:
        body = {"prompt": "高血压患者", "session": f"s{i % 5}", "seq": i}
        answer = client.post("/v1/complete", json=body)
        assert answer.status_code == 200
        found = answer.json()
        return found["version"], json.dumps(found["candidates"])

    with httpx.Client(base_url=process.url, timeout=60) as client:
        golden = dict([ask(client, 0)])
        change(copy, 3.0)
        assert client.post("/admin/reload").status_code == 200
        golden |= dict([ask(client, 5)])
        assert len(set(golden.values())) == 2
        with ThreadPoolExecutor(1) as other:
            for n in range(4):
                change(copy, 3.0 if n % 2 else 1.0)
                swapping = other.submit(httpx.post, f"{process.url}/admin/reload", timeout=60)
                i = 10 + n * 1000
                while not swapping.done():
                    version, candidates = ask(client, i := i + 1)
                    if version in golden:
                        assert candidates == golden[version]
                    golden.setdefault(version, candidates)
                assert swapping.result().status_code == 200
    assert len(set(golden.values())) == 2
