"""`/v1/classify` and `/v1/tag`: labels, by the bundles that `serve.labels` names."""

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import TypeVar

from fastapi import APIRouter

from prompt_gen.engine import Labeller
from prompt_gen.errors import NotFound
from prompt_gen.server.schema import Timing
from prompt_gen.server.schema_tasks import (
    ClassifyRequest,
    ClassifyResponse,
    EntityOut,
    LabelOut,
    TagRequest,
    TagResponse,
)
from prompt_gen.server.serving import Serving, errors
from prompt_gen.server.wanted import Asked
from prompt_gen.server.worker import IsOver

T = TypeVar("T")


def router(serving: Serving) -> APIRouter:
    """The routes of labels."""
    routes = APIRouter()

    @routes.post("/v1/classify", responses=errors(404, 413, 422, 499, 503))
    async def classify(request: ClassifyRequest, asked: Asked) -> ClassifyResponse:
        """The most probable labels of texts."""
        labeller = _labeller(serving, "classify", request.texts)
        found, timing = await _timed(
            serving, asked, lambda: labeller.classify(request.texts, request.n)
        )
        results = [[LabelOut(**asdict(label)) for label in row] for row in found]
        return ClassifyResponse(model=labeller.name, results=results, timing=timing)

    @routes.post("/v1/tag", responses=errors(404, 413, 422, 499, 503))
    async def tag(request: TagRequest, asked: Asked) -> TagResponse:
        """What stands in texts, and where."""
        labeller = _labeller(serving, "tag", request.texts)
        found, timing = await _timed(serving, asked, lambda: labeller.tag(request.texts))
        results = [[EntityOut(**asdict(each)) for each in row] for row in found]
        return TagResponse(model=labeller.name, results=results, timing=timing)

    return routes


def _labeller(serving: Serving, task: str, texts: list[str]) -> Labeller:
    for number, text in enumerate(texts):
        serving.check(text, f"texts.{number}")
    if task not in serving.labellers:
        raise NotFound(
            f"no bundle that was tuned for '{task}' is served here",
            f"Start it with one: prompt-gen serve RUN --labels DIR (finetune --task {task})",
        )
    return serving.labellers[task]


async def _timed(serving: Serving, asked: Asked, work: Callable[[], T]) -> tuple[T, Timing]:
    """What `work` returns, behind others who wait; and how long that took."""
    started = time.perf_counter()

    def begun(_: IsOver) -> tuple[float, T]:
        return time.perf_counter(), work()

    began, found = await serving.worker.run(serving.worker.texts, begun, asked)
    queue_s, total_s = began - started, time.perf_counter() - started
    return found, Timing(queue_ms=queue_s * 1000, total_ms=total_s * 1000)
