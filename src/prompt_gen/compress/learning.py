"""Networks that learn, by the loop of every training: from text, and from teachers."""

import json
from typing import TYPE_CHECKING, Any

from prompt_gen import model, shards, training
from prompt_gen.bundle import MANIFEST, Bundle
from prompt_gen.compress.work import Made, Work
from prompt_gen.config import ModelConfig
from prompt_gen.run import fingerprint
from prompt_gen.shards import ShardSet
from prompt_gen.storage import file_hash
from prompt_gen.training import Teachers
from prompt_gen.vocab import Tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def text(work: Work) -> tuple[Tokenizer, ShardSet]:
    """The source's vocabulary, and its text in tokens."""
    tokenizer = work.source.made.tokenizer
    return tokenizer, shards.load(work.run, tokenizer)


def context_of(made: Bundle) -> int:
    """Tokens that the network of a bundle holds."""
    stock = json.loads((made.path / "config.json").read_text("utf-8"))
    return stock.get("max_position_embeddings") or stock["n_positions"]


def network_of(made: Bundle, context: int) -> "PreTrainedModel":
    """The network of a bundle, for texts of so many tokens.

    Raises:
        SettingError: it holds fewer.
    """
    config = model.settled(ModelConfig(pretrained=str(made.path), context=context))
    return model.gone_on_from(config, made.tokenizer)


def learned(
    work: Work,
    network: "PreTrainedModel",
    tokenizer: Tokenizer,
    text: ShardSet,
    teachers: Teachers | None,
    *,
    continued: bool,
) -> Made:
    """What a network is behind its training; `continued`: it begins with weights not fresh."""
    config = work.train
    recipe = training.recipe_of(config, training.choose_device(config), continued=continued)
    teach = training.of_text(text, tokenizer, config, recipe)
    if teachers is not None:
        teach = training.of_teachers(teach, teachers)
    sections = (section.model_dump() for section in (work.how, work.model, config))
    base = file_hash(work.source.made.path / MANIFEST)
    print_ = fingerprint(text.fingerprint, base, *sections)
    if work.force:
        work.run.forget("training")
    where = work.run.station("training")
    trained = training.fit(network, teach, config, recipe, where, print_, work.watch, work.resume)
    return Made(trained.directory, tokenizer, text, _facts(network, tokenizer, trained.facts))


def as_it_is(work: Work, network: "PreTrainedModel", tokenizer: Tokenizer, text: ShardSet) -> Made:
    """A network that learns no more."""
    work.run.forget("training")
    directory = work.run.station("training") / "best"
    training.save_stock(directory, network)
    facts = {"parameters": network.num_parameters(), "device": "", "steps": 0, "seconds": 0}
    return Made(directory, tokenizer, text, _facts(network, tokenizer, facts))


def _facts(
    network: "PreTrainedModel", tokenizer: Tokenizer, trained: dict[str, Any]
) -> dict[str, Any]:
    shape = network.config
    return {
        "architecture": shape.model_type,
        "shape": f"{shape.num_hidden_layers} x {shape.hidden_size}",
        "vocab_size": tokenizer.size,
        "training": trained,
    }
