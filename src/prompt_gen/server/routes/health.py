"""`/health`: whether requests can be answered."""

from fastapi import APIRouter

from prompt_gen.server.schema import Health
from prompt_gen.server.serving import Serving, errors


def router(serving: Serving) -> APIRouter:
    """The routes for those that watch the server."""
    routes = APIRouter()

    @routes.get("/health", responses=errors(503))
    async def health() -> Health:
        """200 when requests can be answered, 503 while the model loads."""
        serving.worker.model  # noqa: B018 - raises while loading
        return Health()

    return routes
