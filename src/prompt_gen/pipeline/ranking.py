"""From a model that completes to one that ranks, as straight-line calls."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prompt_gen.engine.ranker import Ranker
from prompt_gen.errors import CorpusTooSmall
from prompt_gen.evaluate import ranks as evaluation
from prompt_gen.evaluate.ranks import page
from prompt_gen.pipeline.tuned import Tuning
from prompt_gen.run import Run, Watch
from prompt_gen.settings import RunConfig
from prompt_gen.tasks import Parts, rank


def rank_items(
    paths: Sequence[str | Path],
    run: Run,
    config: RunConfig,
    watch: Watch,
    *,
    resume: bool,
    force: bool,
    command: str,
) -> dict[str, Any]:
    """Pairs with clicks to a bundle that ranks; the report of its test part."""
    from prompt_gen import model, training
    from prompt_gen.model.headed import with_head

    # All items of a query come into one part.
    tuning = Tuning.begin(paths, run, config, watch, resume=resume, force=force, n_first=1)
    config, texts, tokenizer = tuning.config, tuning.texts, tuning.tokenizer
    _check(texts)
    device = training.choose_device(config.train)
    network = model.gone_on_from(config.model, tokenizer)
    if config.tune.scores == "head":
        network = with_head(network, rank.HEAD, ["clicked"], config.train.seed)
        recipe = training.recipe_for_labels(config.train, device, network.config.hidden_size)
        teach = training.of_ranks((texts.train, texts.validation), tokenizer, config.train)
    else:
        recipe = training.recipe_of(config.train, device, continued=True)
        clicked = [
            [pair for pair in part if pair.labels[0] == "1"]
            for part in (texts.train, texts.validation)
        ]
        teach = training.of_answers((clicked[0], clicked[1]), tokenizer, config.train, recipe)
    known = {"name": "rank", "scores": config.tune.scores}
    trained = tuning.fit(network, teach, recipe, known, watch, resume=resume, force=force)
    made = tuning.bundled(trained, known, command)
    report = evaluation.measure(Ranker(made), texts.test, config.evaluate)
    return tuning.told(report, made, page.write)


def _check(texts: Parts) -> None:
    """Refuse parts in which nothing is to be ranked."""
    parts = {"train": texts.train, "validation": texts.validation, "test": texts.test}
    for name, part in parts.items():
        if not rank.by_query(part):
            raise CorpusTooSmall(
                f"no query of the part '{name}' has both items that were clicked and others",
                "Give more queries with --data, or a file for the part",
            )
