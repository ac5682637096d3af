"""From a model that completes to one that labels, as straight-line calls."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prompt_gen.config import TuneConfig
from prompt_gen.engine import Labeller
from prompt_gen.errors import SettingError
from prompt_gen.evaluate import labels as evaluation
from prompt_gen.evaluate.labels import page
from prompt_gen.pipeline.tuned import Tuning
from prompt_gen.run import Run, Watch
from prompt_gen.settings import RunConfig
from prompt_gen.tasks import TASKS, Read

if TYPE_CHECKING:  # torch would be loaded by what only serves or completes
    from prompt_gen.training import Trained

_BEST: dict[str, Read] = {"classify": "once", "tag": "around"}  # see docs/log.md


def label(
    paths: Sequence[str | Path],
    run: Run,
    config: RunConfig,
    watch: Watch,
    *,
    resume: bool,
    force: bool,
    command: str,
) -> dict[str, Any]:
    """Labelled files to a bundle that labels; the report of its test part."""
    _refuse(config.tune)
    tuning = Tuning.begin(paths, run, config, watch, resume=resume, force=force)
    task, texts = TASKS.load(config.tune.task), tuning.texts
    known = {
        "name": config.tune.task,
        "labels": texts.labels,
        "reads": _reads(config.tune),
        "joined": task.joiner(texts.train) if config.tune.task == "tag" else "",
    }
    made = tuning.bundled(
        _trained(tuning, known, watch, resume=resume, force=force), known, command
    )
    return tuning.told(
        evaluation.measure(Labeller(made), texts.test, config.evaluate), made, page.write
    )


def _trained(
    tuning: Tuning, known: dict[str, Any], watch: Watch, *, resume: bool, force: bool
) -> "Trained":
    """The weights of a network with a head of labels."""
    from prompt_gen import model, training
    from prompt_gen.model.headed import with_head

    config, texts, tokenizer = tuning.config, tuning.texts, tuning.tokenizer
    task, tune = TASKS.load(config.tune.task), config.tune
    network = with_head(
        model.gone_on_from(config.model, tokenizer), task.HEAD, known["labels"], config.train.seed
    )
    device = training.choose_device(config.train)
    recipe = training.recipe_for_labels(config.train, device, network.config.hidden_size)
    teach = training.of_labels(
        (tuning.learned, texts.validation),
        known["labels"],
        task.numbers,
        task.SCORE,
        tokenizer,
        config.train,
        known["reads"],
        tune.class_weights == "balanced",
    )
    return tuning.fit(network, teach, recipe, known, watch, resume=resume, force=force)


def _reads(tune: TuneConfig) -> Read:
    return _BEST[tune.task] if tune.reads == "auto" else tune.reads


def _refuse(tune: TuneConfig) -> None:
    """Settings of another task."""
    if tune.task == "classify" and tune.reads == "around":
        raise SettingError(
            "setting 'tune.reads' is 'around', but a whole text is judged at its last token, "
            "which sees all others anyhow",
            "Choose once or twice",
        )
