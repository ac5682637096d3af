"""Requests straight to an application, without a socket; its model is not loaded."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
from fastapi import FastAPI

HERE = ("127.0.0.1", 50_000)


def ask(
    app: FastAPI, method: str, path: str, *, client: tuple[str, int] = HERE, **what: Any
) -> httpx.Response:
    """One request; an exception of the application is an answer 500, as behind a socket."""

    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=client)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as asking:
            return await asking.request(method, path, **what)

    return asyncio.run(once())


def routes_of(app: FastAPI) -> list[tuple[str, str]]:
    """Method and path of every route there is, with something in place of what varies."""
    found = sorted(set(_walk(app.routes)))
    documented = set(app.openapi()["paths"])
    assert documented <= {path for _, path in found}
    return [(method, path.replace("{", "").replace("}", "")) for method, path in found]


def _walk(routes: Any) -> Iterator[tuple[str, str]]:
    for route in routes:
        if hasattr(route, "original_router"):  # FastAPI includes routers when it is asked
            yield from _walk(route.original_router.routes)
        elif methods := getattr(route, "methods", None):
            yield from ((method, route.path) for method in methods)
        else:  # a folder of files
            yield "GET", f"{route.path}/prompt-gen.js"
