"""From a model that completes to one that answers, as straight-line calls."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prompt_gen.config import TuneConfig
from prompt_gen.engine import answered
from prompt_gen.engine.chat import Chat
from prompt_gen.errors import SettingError
from prompt_gen.evaluate import answers as evaluation
from prompt_gen.evaluate.answers import page
from prompt_gen.pipeline import old
from prompt_gen.pipeline.tuned import Tuning
from prompt_gen.run import Run, Watch
from prompt_gen.settings import RunConfig
from prompt_gen.tasks import Labelled

_OF_LABELS = ("text_field", "label_field", "reads", "class_weights")


def converse(
    paths: Sequence[str | Path],
    run: Run,
    config: RunConfig,
    watch: Watch,
    *,
    resume: bool,
    force: bool,
    command: str,
) -> dict[str, Any]:
    """Conversations to a bundle that answers; the report of its test part."""
    from prompt_gen import model, training

    _refuse(config.tune)
    # Equal questions come into one part, whatever was answered.
    tuning = Tuning.begin(paths, run, config, watch, resume=resume, force=force, n_first=1)
    config, texts, tokenizer = tuning.config, tuning.texts, tuning.tokenizer
    device = training.choose_device(config.train)
    recipe = training.recipe_of(config.train, device, continued=True)
    learned = tuning.learned, texts.validation
    teach = training.of_answers(learned, tokenizer, config.train, recipe)
    known, network = {"name": "dialogue"}, model.gone_on_from(config.model, tokenizer)
    trained = tuning.fit(network, teach, recipe, known, watch, resume=resume, force=force)
    kept = {answered.FILE: answered.written(_pairs(texts.train))}
    made = tuning.bundled(trained, known, command, kept)
    earlier = old.model(run, config, tokenizer)
    report = evaluation.measure(Chat(made), earlier, texts.test, config.evaluate)
    return tuning.told(report, made, page.write)


def _pairs(conversations: Sequence[Labelled]) -> list[tuple[str, str]]:
    """Every question with the answer behind it."""
    turns = [each.pieces for each in conversations]
    return [pair for row in turns for pair in zip(row[::2], row[1::2], strict=True)]


def _refuse(tune: TuneConfig) -> None:
    """Settings of another task."""
    usual = TuneConfig()
    for name in _OF_LABELS:
        if getattr(tune, name) != getattr(usual, name):
            raise SettingError(
                f"setting 'tune.{name}' is for labels, and a dialogue has none", "Leave it out"
            )
