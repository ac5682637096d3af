"""A server from its start to its end, and what signals mean to it."""

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI

from prompt_gen.bundle import Bundle
from prompt_gen.config import EngineConfig, FeedbackConfig, PersonalConfig, ServeConfig
from prompt_gen.errors import PromptGenError
from prompt_gen.server import observed
from prompt_gen.server.app import create_app
from prompt_gen.server.connections import Connection, allow_files
from prompt_gen.server.serving import Serving

# A thread that thinks ahead gives way to one that answers after so long, not after 5 ms: an answer
# changes threads about ten times.
_SWITCH_S = 0.0005
_LAST_ANSWERS_S = 0.25  # somebody who types asks more often


def serve(
    loaded: Bundle,
    engine: EngineConfig,
    config: ServeConfig,
    listener: socket.socket,
    feedback: FeedbackConfig | None = None,
    directory: Path | None = None,
    personal: PersonalConfig | None = None,
    begun: Callable[[], None] = lambda: None,
) -> None:
    """Serve until SIGTERM, which is obeyed when the requests of now are answered, or Ctrl-C.

    SIGHUP loads the bundle anew. Events are stored, and teach, as `create_app` has it. `begun` is
    called when all that is asked for is there to be served.

    Raises:
        PromptGenError: it is not, e.g. a bundle that was to label texts completes.
    """
    sys.setswitchinterval(_SWITCH_S)
    if config.log_requests:
        logging.getLogger(observed.__name__).setLevel(logging.INFO)
    app = create_app(loaded, engine, config, feedback, directory, personal)
    allow_files(config.max_connections)
    begun()
    Running(uvicorn_config(app, config), app.state.serving).run(sockets=[listener])


def uvicorn_config(app: FastAPI, config: ServeConfig) -> uvicorn.Config:
    """How the application is run: what clients may cost, and whose word is taken for theirs."""
    connection: Any = partial(Connection, config)
    return uvicorn.Config(
        app,
        http=connection,
        ws="none",
        h11_max_incomplete_event_size=config.max_header_bytes,
        timeout_keep_alive=config.keep_alive_s,  # type: ignore[arg-type] - whole seconds, it says
        timeout_graceful_shutdown=config.drain_s,
        proxy_headers=bool(config.proxies),
        forwarded_allow_ips=list(config.proxies),
        log_level="warning",
        access_log=False,
        server_header=False,
    )


class Running(uvicorn.Server):
    """Stops and reloads as the one who runs it expects."""

    def __init__(self, settings: uvicorn.Config, serving: Serving) -> None:
        super().__init__(settings)
        self._serving = serving
        self._reloading: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen to SIGHUP, too."""
        await super().startup(sockets)
        if hasattr(signal, "SIGHUP"):
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._reload)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """After SIGTERM the process ends with 0."""
        if sig == signal.SIGTERM:
            self.should_exit = True
        else:
            super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let connections end behind an answer, close the others, and begin no request any more.

        A connection that seems idle may have a request under way: one that asks often is told with
        an answer that it was the last.
        """
        for server in self.servers:
            server.close()
        state = self.server_state
        state.default_headers = [*state.default_headers, (b"connection", b"close")]
        await asyncio.sleep(_LAST_ANSWERS_S)
        self._serving.worker.models.is_draining = True
        await super().shutdown(sockets)

    def _reload(self) -> None:
        self._reloading = asyncio.create_task(self._reloaded())

    async def _reloaded(self) -> None:
        try:
            await self._serving.reload()
        except PromptGenError:
            logging.getLogger(__name__).warning("the bundle of before goes on")
