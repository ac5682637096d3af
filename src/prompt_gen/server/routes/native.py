"""`/v1/complete`: what the box speaks."""

import time
import uuid
from dataclasses import asdict

from fastapi import APIRouter

from prompt_gen.server.schema import CandidateOut, CompleteRequest, CompleteResponse, Timing
from prompt_gen.server.serving import Serving, errors


def router(serving: Serving) -> APIRouter:
    """The route of the box."""
    routes = APIRouter()

    @routes.post("/v1/complete", responses=errors(413, 422, 503))
    async def complete(request: CompleteRequest) -> CompleteResponse:
        """Candidates for what was typed."""
        started = time.perf_counter()
        serving.check(request.prompt, "prompt")
        found = await serving.worker.submit(request)
        return CompleteResponse(
            id=f"cmpl-{uuid.uuid4().hex}",
            model=serving.worker.bundle.name,
            prompt=request.prompt,
            session=request.session,
            seq=request.seq,
            candidates=[CandidateOut(**asdict(candidate)) for candidate in found],
            timing=Timing(total_ms=(time.perf_counter() - started) * 1000),
        )

    return routes
