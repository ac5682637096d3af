"""`/v1/models`: what is served, and its card."""

from fastapi import APIRouter

from prompt_gen.server.routes.openai import OpenAIRoute, check_model
from prompt_gen.server.schema import ModelList, ModelOut
from prompt_gen.server.served import Served
from prompt_gen.server.serving import Serving, errors


def router(serving: Serving) -> APIRouter:
    """The routes that say what is served."""
    routes = APIRouter(route_class=OpenAIRoute)

    @routes.get("/v1/models", responses=errors(503))
    async def models() -> ModelList:
        """The model that is served, with its card."""
        return ModelList(data=[_model_out(serving.worker.model)])

    @routes.get("/v1/models/{name}", responses=errors(404, 503))
    async def model(name: str) -> ModelOut:
        """One model by its name."""
        served = serving.worker.model
        check_model(name, served)
        return _model_out(served)

    return routes


def _model_out(model: Served) -> ModelOut:
    facts, report = model.bundle.facts, model.bundle.report
    return ModelOut(
        id=model.bundle.name,
        created=int((model.bundle.path / "manifest.json").stat().st_mtime),
        version=model.version,
        script=facts.get("script", "other"),
        vocab_size=model.bundle.tokenizer.size,
        context_length=model.completer.model.context,
        card={
            "examples": facts.get("examples", []),
            "parameters": facts.get("training", {}).get("parameters"),
            "lines": facts.get("corpus", {}).get("documents", {}).get("train"),
            "seconds": facts.get("training", {}).get("seconds"),
            **{name: row["value"] for name, row in report.get("headline", {}).items()},
        },
    )
