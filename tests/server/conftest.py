"""A server on loopback, in a thread, stopped at the end."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, Page

from prompt_gen import bundle, server
from prompt_gen.config import EngineConfig, ServeConfig
from prompt_gen.run import Run
from prompt_gen.server.serving import Serving


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it has not come true"
        time.sleep(0.002)


def count(serving: Serving, name: str, **labels: str) -> float:
    """A counter of /metrics, by its name there."""
    return serving.metrics.registry.get_sample_value(f"prompt_gen_{name}_total", labels) or 0


@contextmanager
def serving(path: Path, config: ServeConfig) -> Iterator[str]:
    """The address of a server of a run, whose model is loaded."""
    listener = server.listen(config)
    app = server.create_app(bundle.load(path), EngineConfig(), config)
    running = uvicorn.Server(server.uvicorn_config(app, config))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
    thread.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    for _ in range(600):
        try:
            if httpx.get(f"{url}/health").status_code == 200:
                break
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    yield url
    running.should_exit = True
    thread.join(10)


@pytest.fixture(scope="session")
def address(trained: Run) -> Iterator[str]:
    with serving(trained.path, ServeConfig(port=0)) as url:
        yield url


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that shows nothing yet; scripts on it may not fail."""
    opened = browser.new_page(viewport={"width": 1100, "height": 760})
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    yield opened
    opened.close()
    assert wrong == []


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address) as opened:
        yield opened
