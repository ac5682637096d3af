"""`/v1/models`: what is served, and its card."""

from typing import Any

from fastapi import APIRouter

from prompt_gen.bundle import Bundle
from prompt_gen.engine.chat import Chat
from prompt_gen.server.routes.openai import OpenAIRoute, check_model
from prompt_gen.server.schema import ModelList, ModelOut
from prompt_gen.server.served import Served, version
from prompt_gen.server.serving import Serving, errors


def router(serving: Serving) -> APIRouter:
    """The routes that say what is served."""
    routes = APIRouter(route_class=OpenAIRoute)

    @routes.get("/v1/models", responses=errors(503))
    async def models() -> ModelList:
        """The model that is served, with its card."""
        chat = [_chat_out(serving.chat)] if serving.chat else []
        return ModelList(data=[_model_out(serving.worker.model), *chat])

    @routes.get("/v1/models/{name}", responses=errors(404, 503))
    async def model(name: str) -> ModelOut:
        """One model by its name."""
        served = serving.worker.model
        if serving.chat and name == serving.chat.name:
            return _chat_out(serving.chat)
        check_model(name, served)
        return _model_out(served)

    return routes


def _model_out(model: Served) -> ModelOut:
    facts = model.bundle.facts
    card = {
        "examples": facts.get("examples", []),
        "lines": facts.get("corpus", {}).get("documents", {}).get("train"),
    }
    return _out(model.bundle, model.version, model.completer.model.context, card)


def _chat_out(chat: Chat) -> ModelOut:
    card = {"task": "dialogue", "dialogues": chat.bundle.facts["texts"]["texts"]["train"]}
    return _out(chat.bundle, version(chat.bundle), chat.context, card)


def _out(loaded: Bundle, version: str, context: int, card: dict[str, Any]) -> ModelOut:
    training, report = loaded.facts.get("training", {}), loaded.report
    return ModelOut(
        id=loaded.name,
        created=int((loaded.path / "manifest.json").stat().st_mtime),
        version=version,
        script=loaded.facts.get("script", "other"),
        vocab_size=loaded.tokenizer.size,
        context_length=context,
        card={
            **card,
            "parameters": training.get("parameters"),
            "seconds": training.get("seconds"),
            **{name: row["value"] for name, row in report.get("headline", {}).items()},
        },
    )
