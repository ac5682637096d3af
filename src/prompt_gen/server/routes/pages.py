"""The pages for people, and the files of the box."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, Response

from prompt_gen.server.serving import Serving

STATIC = Path(__file__).parents[1] / "static"


def router(serving: Serving) -> APIRouter:
    """The demo page and the page of the API."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/")
    async def page() -> Response:
        return FileResponse(STATIC / "index.html")

    @routes.get("/docs")
    async def docs() -> Response:
        return FileResponse(STATIC / "docs.html")

    return routes
