"""The documented nginx configuration, before a server on loopback."""

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from prompt_gen.run import Run
from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")

KEY = "a-key-for-the-tests-of-nginx"
NAME = "notes.example"
AROUND = """
daemon off;
master_process off;
pid {where}/nginx.pid;
error_log {where}/error.log warn;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {where}/body;
    proxy_temp_path {where}/proxy;
    fastcgi_temp_path {where}/fastcgi;
    uwsgi_temp_path {where}/uwsgi;
    scgi_temp_path {where}/scgi;
    include {where}/prompt-gen.conf;
}}
"""


@dataclass(frozen=True)
class Site:
    """A proxy, and the server behind it."""

    proxy: int
    server: int

    def client(self, *, direct: bool = False) -> httpx.Client:
        port = self.server if direct else self.proxy
        headers = {"authorization": f"Bearer {KEY}"}
        if not direct:
            headers["host"] = NAME
        return httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it has not come true"
        time.sleep(0.05)


def is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def is_ready(url: str) -> bool:
    try:
        return httpx.get(url, headers={"host": NAME}).status_code == 200
    except httpx.TransportError:
        return False


def configured(where: Path, proxy: int, server: int) -> Path:
    """The documented file with other ports, inside the least that nginx needs around it."""
    text = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    text, n_listen = re.subn(r"listen 80;", f"listen 127.0.0.1:{proxy};", text)
    text, n_server = re.subn(r"server 127\.0\.0\.1:8765;", f"server 127.0.0.1:{server};", text)
    assert (n_listen, n_server) == (1, 1)
    (where / "prompt-gen.conf").write_text(text, "utf-8")
    (where / "nginx.conf").write_text(AROUND.format(where=where), "utf-8")
    return where / "nginx.conf"


@contextmanager
def running_nginx(conf: Path) -> Iterator[None]:
    nginx = ["nginx", "-e", str(conf.with_name("error.log")), "-c", str(conf)]
    subprocess.run([*nginx, "-t"], check=True, capture_output=True)
    with subprocess.Popen(nginx) as running:
        try:
            yield
        finally:
            running.terminate()
            running.wait(30)


@pytest.fixture(scope="module")
def site(trained: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    where = tmp_path_factory.mktemp("nginx")
    found = Site(free_port(), free_port())
    conf = configured(where, found.proxy, found.server)
    serve = [
        sys.executable, "-m", "prompt_gen", "serve", str(trained.path), "--port", str(found.server),
        "--set", f'serve.names=["{NAME}"]', "--set", 'serve.proxies=["127.0.0.1"]',
        "--set", "feedback.enabled=false",
    ]  # fmt: skip
    with (
        running_nginx(conf),
        subprocess.Popen(serve, env={**os.environ, "PROMPT_GEN_API_KEY": KEY}) as server,
    ):
        try:
            until(lambda: is_ready(f"http://127.0.0.1:{found.proxy}/health"))
            yield found
        finally:
            server.terminate()
            server.wait(30)


def test_completes_through_the_proxy(site: Site) -> None:
    with site.client() as client:
        for prompt in ("高血压", "高血压患者"):
            answer = client.post("/v1/complete", json={"prompt": prompt})
            assert answer.status_code == 200
            assert answer.json()["candidates"]


def test_the_page_is_the_proxys_own_for_a_browser(site: Site) -> None:
    """The browser's Origin is the name that users call, and so is the Host that is handed on."""
    with site.client() as client:
        body = {"prompt": "高血压"}
        mine = client.post("/v1/complete", json=body, headers={"origin": f"http://{NAME}"})
        assert mine.status_code == 200
        other = client.post("/v1/complete", json=body, headers={"origin": "http://evil.example"})
        assert other.status_code == 403


def test_without_the_key_nothing_is_answered(site: Site) -> None:
    url = f"http://127.0.0.1:{site.proxy}/v1/models"
    assert httpx.get(url, headers={"host": NAME}).status_code == 401
    forged = {"host": NAME, "x-forwarded-for": "127.0.0.1", "forwarded": "for=127.0.0.1"}
    assert httpx.get(url, headers=forged).status_code == 401


@pytest.mark.parametrize("path", ["/admin/reload", "/metrics"])
def test_what_is_for_those_who_run_it_is_not_handed_on(site: Site, path: str) -> None:
    with site.client() as client:
        assert client.request("POST" if "admin" in path else "GET", path).status_code == 404
    with site.client(direct=True) as client:
        assert client.get("/metrics").status_code == 200


STREAM = {
    "model": "small",
    "prompt": "高血压",
    "max_tokens": 60,
    "stream": True,
    "temperature": 1.0,
    "seed": 1,
}


@contextmanager
def streamed(site: Site, **other: object) -> Iterator[httpx.Response]:
    with (
        site.client() as client,
        client.stream("POST", "/v1/completions", json={**STREAM, **other}) as answer,
    ):
        yield answer


def test_a_stream_comes_whole(site: Site) -> None:
    with streamed(site) as answer:
        pieces = list(answer.iter_raw())
    assert answer.status_code == 200, pieces
    assert b"".join(pieces).endswith(b"data: [DONE]\n\n")


def stream_by_turns(listener: socket.socket, next_please: threading.Event) -> None:
    """Answer one request with three events, none before the one before it has come."""
    connection, _ = listener.accept()
    with connection:
        connection.recv(1 << 16)
        head = "HTTP/1.1 200 OK", "Content-Type: text/event-stream", "Transfer-Encoding: chunked"
        connection.sendall("\r\n".join([*head, "", ""]).encode())
        for n in range(3):
            event = f"data: {n}\n\n".encode()
            connection.sendall(b"%x\r\n%s\r\n" % (len(event), event))
            if not next_please.wait(20):
                return  # the end of the stream will be missed
            next_please.clear()
        connection.sendall(b"0\r\n\r\n")


def test_no_event_waits_for_the_next(tmp_path: Path) -> None:
    next_please, proxy = threading.Event(), free_port()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=stream_by_turns, args=(listener, next_please))
        server.start()
        conf = configured(tmp_path, proxy, listener.getsockname()[1])
        with running_nginx(conf):
            until(lambda: is_open(proxy))
            events, url = [], f"http://127.0.0.1:{proxy}/"
            with httpx.stream("GET", url, headers={"host": NAME}, timeout=30) as answer:
                for event in answer.iter_text():
                    events.append(event)
                    next_please.set()
        server.join()
    assert events == ["data: 0\n\n", "data: 1\n\n", "data: 2\n\n"]


def test_a_client_that_vanishes_ends_the_work(site: Site) -> None:
    def n_gone() -> float:
        with site.client(direct=True) as client:
            page = client.get("/metrics").text
        found = re.findall(r'cancelled_total\{reason="disconnected"\} (\S+)', page)
        return float(found[0]) if found else 0.0

    before = n_gone()
    for _ in range(20):
        with streamed(site, n=20, max_tokens=60, temperature=2.0, logprobs=5) as answer:
            assert answer.status_code == 200, answer.read()
            next(answer.iter_raw())
    until(lambda: n_gone() > before)


def test_a_large_body_stops_at_the_proxy(site: Site) -> None:
    with site.client() as client:
        headers = {"content-type": "application/json"}
        answer = client.post("/v1/complete", content=b"x" * 100_000, headers=headers)
    assert answer.status_code == 413


def test_idle_connections_of_the_proxy_lose_no_request(site: Site) -> None:
    with site.client() as client:
        for pause_s in (0, 0.5, 6):  # longer than serve.patience_s
            time.sleep(pause_s)
            assert client.post("/v1/complete", json={"prompt": "高血压"}).status_code == 200


def test_half_a_request_does_not_reach_the_server(site: Site) -> None:
    with socket.create_connection(("127.0.0.1", site.proxy), timeout=30) as slow:
        slow.sendall(b"POST /v1/complete HTTP/1.1\r\nHost: notes.example\r\n")
        assert slow.recv(65_536)[:12] in (b"", b"HTTP/1.1 408")
