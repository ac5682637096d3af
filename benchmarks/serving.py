"""A server of its own for a benchmark: on loopback, in another process, ended afterwards."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

_START_S = 60.0


@contextmanager
def served(run: Path) -> Iterator[tuple[int, psutil.Process]]:
    """The port of a server that is ready, and its process; nothing is written into the run."""
    command = [sys.executable, "-m", "prompt_gen", "serve", str(run), "--port", "0"]
    command += ["--set", "feedback.enabled=false"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        said = server.stderr.readline()
        try:
            port = int(re.findall(r"127\.0\.0\.1:(\d+)", said)[0])
            _await(port)
            yield port, psutil.Process(server.pid)
        finally:
            server.terminate()
            server.communicate()
    print(f"the server has ended with {server.returncode}", file=sys.stderr)


def _await(port: int) -> None:
    end = time.monotonic() + _START_S
    while httpx.get(f"http://127.0.0.1:{port}/health/ready").status_code != 200:
        assert time.monotonic() < end, "the server is not ready"
        time.sleep(0.1)
