"""`/v1/complete`: what the box speaks."""

import time
import uuid
from dataclasses import asdict

from fastapi import APIRouter

from prompt_gen.server.schema import CandidateOut, CompleteRequest, CompleteResponse, Timing
from prompt_gen.server.serving import Serving, errors
from prompt_gen.server.wanted import Asked


def router(serving: Serving) -> APIRouter:
    """The route of the box."""
    routes = APIRouter()

    @routes.post("/v1/complete", responses=errors(413, 422, 499, 503))
    async def complete(request: CompleteRequest, asked: Asked) -> CompleteResponse:
        """Candidates for what was typed."""
        started = time.perf_counter()
        serving.check(request.prompt, "prompt")
        model = serving.worker.model
        found = await serving.keystrokes.answer(model, request, asked)
        return CompleteResponse(
            id=f"cmpl-{uuid.uuid4().hex}",
            model=model.bundle.name,
            version=model.version,
            prompt=request.prompt,
            session=request.session,
            seq=request.seq,
            candidates=[CandidateOut(**asdict(candidate)) for candidate in found],
            timing=Timing(total_ms=(time.perf_counter() - started) * 1000),
        )

    return routes
