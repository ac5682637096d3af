"""`/generate`: what the book's own program speaks."""

import time

from fastapi import APIRouter

from prompt_gen.server.schema import CompleteRequest, ReferenceRequest, ReferenceResponse
from prompt_gen.server.serving import Serving, errors
from prompt_gen.server.wanted import Asked


def router(serving: Serving) -> APIRouter:
    """The route of the book's program."""
    routes = APIRouter()

    @routes.post("/generate", responses=errors(413, 422, 499, 503))
    async def generate(request: ReferenceRequest, asked: Asked) -> ReferenceResponse:
        """The same as `/v1/complete`, as the book's own program speaks it."""
        started = time.perf_counter()
        serving.check(request.context, "context")
        wanted = CompleteRequest(
            prompt=request.context, n=request.samples or 1, max_chars=request.maxlength
        )
        found = await serving.keystrokes.answer(serving.worker.model, wanted, asked)
        texts = [candidate.text for candidate in found.candidates]
        return ReferenceResponse(result=texts, time=time.perf_counter() - started)

    return routes
