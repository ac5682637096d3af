"""The HTTP server."""

import socket

from prompt_gen.config import ServeConfig
from prompt_gen.errors import PortInUse
from prompt_gen.server.app import create_app
from prompt_gen.server.running import serve, uvicorn_config

__all__ = ["create_app", "listen", "serve", "uvicorn_config"]


def listen(config: ServeConfig) -> socket.socket:
    """A socket that listens on the configured address.

    Raises:
        PortInUse: another program does.
    """
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    # Only where TCP is named does asyncio send small answers at once (TCP_NODELAY); else the second
    # piece of an answer waits up to 40 ms for the first one's acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((config.host, config.port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise PortInUse(
            f"cannot listen on {config.host}:{config.port}: {error.strerror}",
            "Choose another with --port (0 takes any free one), or another --host",
        ) from error
    return listener
