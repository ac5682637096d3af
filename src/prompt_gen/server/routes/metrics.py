"""`/metrics`: what Prometheus asks for."""

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from prompt_gen.server.serving import Serving


def router(serving: Serving) -> APIRouter:
    """The route of the counters."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/metrics")
    async def metrics() -> Response:
        return Response(serving.metrics.page(), media_type=CONTENT_TYPE_LATEST)

    return routes
