"""`/admin`: what those who run the server ask of it."""

from fastapi import APIRouter

from prompt_gen.server.schema import Reloaded
from prompt_gen.server.serving import Serving, errors


def router(serving: Serving) -> APIRouter:
    """The routes for those who run the server."""
    routes = APIRouter()

    @routes.post("/admin/reload", responses=errors(400, 404, 500))
    async def reload() -> Reloaded:
        """Load the bundle anew from where it was; if it is refused, the old one goes on."""
        served = await serving.reload()
        return Reloaded(model=served.bundle.name, version=served.version)

    return routes
