"""The HTTP server: a page with the box, and the API behind it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from prompt_gen import __version__
from prompt_gen.bundle import Bundle
from prompt_gen.config import EngineConfig, FeedbackConfig, PersonalConfig, ServeConfig
from prompt_gen.errors import PromptGenError
from prompt_gen.feedback import Recorder
from prompt_gen.keys import Keyring
from prompt_gen.memory import PERSONAL
from prompt_gen.server.description import described
from prompt_gen.server.hangups import Hangups
from prompt_gen.server.headers import Headers
from prompt_gen.server.learning import Learning
from prompt_gen.server.limits import NO_JSON, Limits, error_response, from_error, validation_error
from prompt_gen.server.observed import Observed
from prompt_gen.server.pace import Paced
from prompt_gen.server.routes import routers
from prompt_gen.server.routes.pages import STATIC
from prompt_gen.server.serving import Serving, errors
from prompt_gen.server.visitors import Addressed, Keyed


def create_app(
    loaded: Bundle,
    engine: EngineConfig,
    config: ServeConfig,
    feedback: FeedbackConfig | None = None,
    directory: Path | None = None,
    personal: PersonalConfig | None = None,
) -> FastAPI:
    """The application for a checked bundle; it answers 503 until the graph is loaded.

    Events are stored as `feedback` says, by default in `directory`; without that they are not.
    Where they teach, `personal` says how.

    Raises:
        KeyNeeded: it would be open to others, and there is no key.
    """
    recorder = learning = None
    if directory is not None and feedback is not None and feedback.enabled:
        if feedback.learn:
            learning = Learning(personal or PersonalConfig(), directory / PERSONAL)
        recorder = Recorder(feedback, directory, learning and learning.learn)
    serving = Serving.of(loaded, engine, config, recorder)
    serving.worker.models.learning = learning

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
        redirect_slashes=False,
        responses=errors(401, 403, 413, 415, 429),
    )
    app.openapi = partial(described, app)  # type: ignore[method-assign]
    _add_middleware(app, config, serving)
    app.state.serving = serving
    _add_error_handlers(app)
    for router in routers(serving):
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


def _add_middleware(app: FastAPI, config: ServeConfig, serving: Serving) -> None:
    """Each is put around those before it: a request comes to the last one first."""
    app.add_middleware(Hangups)
    app.add_middleware(Limits, max_body_bytes=config.max_body_bytes)
    keyring = Keyring(config)
    if config.client_per_s:
        app.add_middleware(Paced, config=config, by_key=keyring.is_asked)
    app.add_middleware(Keyed, config=config, keyring=keyring)
    if config.cors_origins:  # around keys: a browser asks first, without one
        app.add_middleware(
            CORSMiddleware,
            allow_origins=config.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type"],
            expose_headers=["Retry-After", "X-Request-ID"],
        )
    app.add_middleware(Addressed, config=config)
    app.add_middleware(Observed, metrics=serving.metrics)
    app.add_middleware(Headers)


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
