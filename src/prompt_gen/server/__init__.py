"""The HTTP server."""

import socket
import sys
from pathlib import Path

import uvicorn

from prompt_gen.bundle import Bundle
from prompt_gen.config import EngineConfig, FeedbackConfig, ServeConfig
from prompt_gen.errors import PortInUse
from prompt_gen.server.app import create_app

# A thread that thinks ahead gives way to one that answers after so long, not after 5 ms: an answer
# changes threads about ten times.
_SWITCH_S = 0.0005

__all__ = ["create_app", "listen", "serve"]


def listen(config: ServeConfig) -> socket.socket:
    """A socket that listens on the configured address.

    Raises:
        PortInUse: another program does.
    """
    # Only where TCP is named does asyncio send small answers at once (TCP_NODELAY); else the second
    # piece of an answer waits up to 40 ms for the first one's acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((config.host, config.port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise PortInUse(
            f"cannot listen on {config.host}:{config.port}: {error.strerror}",
            "Choose another with --port (0 takes any free one)",
        ) from error
    return listener


def serve(
    loaded: Bundle,
    engine: EngineConfig,
    config: ServeConfig,
    listener: socket.socket,
    feedback: FeedbackConfig | None = None,
    directory: Path | None = None,
) -> None:
    """Serve until interrupted; events are stored as `create_app` has it."""
    sys.setswitchinterval(_SWITCH_S)
    app = create_app(loaded, engine, config, feedback, directory)
    settings = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
    uvicorn.Server(settings).run(sockets=[listener])
