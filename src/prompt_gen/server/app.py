"""The HTTP server: a page with the box, and the API behind it."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from prompt_gen import __version__
from prompt_gen.bundle import Bundle
from prompt_gen.config import EngineConfig, ServeConfig
from prompt_gen.errors import PromptGenError, TextTooLong
from prompt_gen.server.limits import Limits, error_response, from_error
from prompt_gen.server.schema import (
    CandidateOut,
    CompleteRequest,
    CompleteResponse,
    ErrorOut,
    Health,
    ModelList,
    ModelOut,
    ReferenceRequest,
    ReferenceResponse,
    Timing,
)
from prompt_gen.server.worker import Worker
from prompt_gen.text import check_text

STATIC = Path(__file__).parent / "static"
LOOPBACK_NAMES = ["127.0.0.1", "localhost"]
_ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorOut, "description": description}
    for status, description in {
        413: "the text or the body is too long",
        422: "a field is missing or wrong; `param` names it",
        503: "the model is still loading",
    }.items()
}


def create_app(loaded: Bundle, engine: EngineConfig, config: ServeConfig) -> FastAPI:
    """The application for a checked bundle; it answers 503 until the graph is loaded."""
    worker = Worker(loaded, engine)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.create_task(worker.load())
        yield
        loading.cancel()
        worker.close()

    app = FastAPI(
        title="prompt-gen",
        version=__version__,
        description="Completes what is being typed, from a model of your own text.",
        lifespan=lifespan,
        docs_url=None,  # the stock page loads its script from elsewhere; ours is in static/
        redoc_url=None,
    )
    app.add_middleware(Limits, max_body_bytes=config.max_body_bytes)
    # A page elsewhere that rebinds its name to 127.0.0.1 still sends its own name.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=LOOPBACK_NAMES)
    _add_error_handlers(app)
    _add_routes(app, worker, config)
    return app


def _add_routes(app: FastAPI, worker: Worker, config: ServeConfig) -> None:
    def check(text: str, param: str) -> None:
        check_text(text, param)
        if len(text) > config.max_prompt_chars:
            raise TextTooLong(
                f"field '{param}' has {len(text)} characters",
                f"At most {config.max_prompt_chars} are accepted; send the last lines alone",
                param,
            )

    @app.post("/v1/complete", responses=_ERRORS)
    async def complete(request: CompleteRequest) -> CompleteResponse:
        """Candidates for what was typed."""
        started = time.perf_counter()
        check(request.prompt, "prompt")
        found = await worker.submit(request)
        return CompleteResponse(
            id=f"cmpl-{uuid.uuid4().hex}",
            model=worker.bundle.name,
            prompt=request.prompt,
            session=request.session,
            seq=request.seq,
            candidates=[CandidateOut(**asdict(candidate)) for candidate in found],
            timing=Timing(total_ms=(time.perf_counter() - started) * 1000),
        )

    @app.get("/v1/models", responses={503: _ERRORS[503]})
    async def models() -> ModelList:
        """The model that is served, with its card."""
        return ModelList(data=[_model_out(worker)])

    @app.get("/health", responses={503: _ERRORS[503]})
    async def health() -> Health:
        """200 when requests can be answered, 503 while the model loads."""
        worker.completer  # noqa: B018 - raises while loading
        return Health()

    @app.post("/generate", responses=_ERRORS)
    async def generate(request: ReferenceRequest) -> ReferenceResponse:
        """The same as `/v1/complete`, as the book's own program speaks it."""
        started = time.perf_counter()
        check(request.context, "context")
        found = await worker.submit(
            CompleteRequest(
                prompt=request.context, n=request.samples or 1, max_chars=request.maxlength
            )
        )
        texts = [candidate.text for candidate in found]
        return ReferenceResponse(result=texts, time=time.perf_counter() - started)

    @app.get("/", include_in_schema=False)
    async def page() -> Response:
        return FileResponse(STATIC / "index.html")

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        return FileResponse(STATIC / "docs.html")

    app.mount("/static", StaticFiles(directory=STATIC), name="static")


def _model_out(worker: Worker) -> ModelOut:
    facts, report = worker.bundle.facts, worker.bundle.report
    return ModelOut(
        id=worker.bundle.name,
        created=int((worker.bundle.path / "manifest.json").stat().st_mtime),
        script=facts.get("script", "other"),
        vocab_size=worker.bundle.tokenizer.size,
        context_length=worker.completer.model.context,
        card={
            "examples": facts.get("examples", []),
            "parameters": facts.get("training", {}).get("parameters"),
            **{name: row["value"] for name, row in report.get("headline", {}).items()},
        },
    )


def _add_error_handlers(app: FastAPI) -> None:
    @app.exception_handler(PromptGenError)
    async def ours(request: Request, error: PromptGenError) -> Response:
        return from_error(error)

    @app.exception_handler(RequestValidationError)
    async def wrong_field(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        param = ".".join(str(part) for part in first["loc"][1:]) or None
        if first["type"] == "json_invalid":
            return error_response(422, "the body is not JSON", "invalid_request_error")
        what = f"field '{param}'" if param else "the body"
        message = f"{what}: {first['msg'].lower()}"
        return error_response(422, message, "invalid_request_error", param)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        if error.status_code == 400:  # what FastAPI says of a body that is not even text
            return error_response(422, "the body is not JSON", "invalid_request_error")
        return error_response(error.status_code, str(error.detail), "invalid_request_error")

    @app.exception_handler(Exception)
    async def unforeseen(request: Request, error: Exception) -> Response:
        return error_response(500, "an error of the server; its log says more", "server_error")
