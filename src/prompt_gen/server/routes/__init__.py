"""What the server answers: one file per group of routes, one row each in ROUTES.

Each file has `router(serving) -> APIRouter`; its handlers check the request, ask the worker, and
put the answer into the shape of `schema`.
"""

from importlib import import_module

from fastapi import APIRouter

from prompt_gen.server.serving import Serving

ROUTES = (
    "native", "openai", "chat", "reference", "explain", "tasks", "models", "events", "health",
    "metrics", "admin", "pages",
)  # fmt: skip


def routers(serving: Serving) -> list[APIRouter]:
    """The routes of every file, in the order of the table."""
    return [import_module(f"{__name__}.{name}").router(serving) for name in ROUTES]
