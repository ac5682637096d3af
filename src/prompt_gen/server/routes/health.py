"""Whether the server lives, and whether requests are answered now."""

from fastapi import APIRouter

from prompt_gen.server.schema import Health
from prompt_gen.server.serving import Serving, errors


def router(serving: Serving) -> APIRouter:
    """The routes for those that watch the server."""
    routes = APIRouter()

    @routes.get("/health/live")
    async def live() -> Health:
        """200 while the server runs; restart it where there is no answer."""
        return Health()

    @routes.get("/health/ready", responses=errors(503))
    async def ready() -> Health:
        """200 when requests are answered, 503 while the model loads and while the server stops."""
        serving.worker.model  # noqa: B018 - raises while loading
        return Health()

    @routes.get("/health", responses=errors(503))
    async def health() -> Health:
        """The same as `/health/ready`."""
        return await ready()

    return routes
