"""`/generate`: what the book's own program speaks."""

import time

from fastapi import APIRouter

from prompt_gen.server.schema import CompleteRequest, ReferenceRequest, ReferenceResponse
from prompt_gen.server.serving import Serving, errors


def router(serving: Serving) -> APIRouter:
    """The route of the book's program."""
    routes = APIRouter()

    @routes.post("/generate", responses=errors(413, 422, 503))
    async def generate(request: ReferenceRequest) -> ReferenceResponse:
        """The same as `/v1/complete`, as the book's own program speaks it."""
        started = time.perf_counter()
        serving.check(request.context, "context")
        found = await serving.worker.submit(
            CompleteRequest(
                prompt=request.context, n=request.samples or 1, max_chars=request.maxlength
            )
        )
        texts = [candidate.text for candidate in found]
        return ReferenceResponse(result=texts, time=time.perf_counter() - started)

    return routes
