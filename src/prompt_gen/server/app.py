"""The HTTP server: a page with the box, and the API behind it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from prompt_gen import __version__
from prompt_gen.bundle import Bundle
from prompt_gen.config import EngineConfig, FeedbackConfig, ServeConfig
from prompt_gen.errors import PromptGenError
from prompt_gen.feedback import Recorder
from prompt_gen.server.hangups import Hangups
from prompt_gen.server.limits import NO_JSON, Limits, error_response, from_error, validation_error
from prompt_gen.server.observed import Observed
from prompt_gen.server.routes import routers
from prompt_gen.server.routes.pages import STATIC
from prompt_gen.server.serving import Serving

LOOPBACK_NAMES = ["127.0.0.1", "localhost"]


def create_app(
    loaded: Bundle,
    engine: EngineConfig,
    config: ServeConfig,
    feedback: FeedbackConfig | None = None,
    directory: Path | None = None,
) -> FastAPI:
    """The application for a checked bundle; it answers 503 until the graph is loaded.

    Events are stored as `feedback` says, by default in `directory`; without that they are not.
    """
    recorder = (
        Recorder(feedback, directory) if directory and feedback and feedback.enabled else None
    )
    serving = Serving.of(loaded, engine, config, recorder)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        loading = asyncio.create_task(serving.worker.models.load())
        yield
        loading.cancel()
        await asyncio.to_thread(serving.close)

    app = FastAPI(
        title="prompt-gen",
        version=__version__,
        description="Completes what is being typed, from a model of your own text.",
        lifespan=lifespan,
        docs_url=None,  # the stock page loads its script from elsewhere; ours is in static/
        redoc_url=None,
    )
    app.add_middleware(Hangups)
    app.add_middleware(Limits, max_body_bytes=config.max_body_bytes)
    # A page elsewhere that rebinds its name to 127.0.0.1 still sends its own name.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=LOOPBACK_NAMES)
    app.add_middleware(Observed, metrics=serving.metrics)  # the outermost: it sees all answers
    app.state.serving = serving
    _add_error_handlers(app)
    for router in routers(serving):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


def _add_error_handlers(app: FastAPI) -> None:
    @app.exception_handler(PromptGenError)
    async def ours(request: Request, error: PromptGenError) -> Response:
        return from_error(error)

    @app.exception_handler(RequestValidationError)
    async def wrong_field(request: Request, error: RequestValidationError) -> Response:
        return validation_error(error)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        if error.status_code == 400:  # what FastAPI says of a body that is not even text
            return error_response(422, NO_JSON)
        return error_response(error.status_code, str(error.detail), headers=error.headers or {})
