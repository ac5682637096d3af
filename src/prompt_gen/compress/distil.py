"""A student of a smaller shape, which learns from the text and from what its teachers say of it."""

import json

from prompt_gen import bundle, model
from prompt_gen.bundle import Bundle
from prompt_gen.compress import learning
from prompt_gen.compress.work import Made, Work
from prompt_gen.config import ModelConfig
from prompt_gen.errors import Mismatch, SettingError
from prompt_gen.model import Shape
from prompt_gen.training import Teachers

NEEDS_TEXT = True


def make(work: Work) -> Made:
    """A student of `model.layers` and `model.width`, of the same vocabulary as its teachers.

    The loss is that of `training.distillation`.

    Raises:
        SettingError: no shape is given.
        Mismatch: a teacher has another vocabulary.
    """
    tokenizer, text = learning.text(work)
    config = _like(work.source.made, work.model)
    model.check(config)
    if config.layers is None or config.width is None:
        raise SettingError(
            "a student needs a shape: model.layers or model.width is not given",
            f"The teacher is {work.source.made.facts.get('shape')} (layers x width); say e.g. "
            "--set model.layers=1 --set model.width=64",
        )
    shape = Shape(config.layers, config.width, config.head_width)
    student = model.begin(config, shape, tokenizer, text.train, work.train.seed)
    networks = [learning.network_of(each, config.context) for each in _teachers(work)]
    teachers = Teachers(networks, work.how.share, work.how.temperature)
    return learning.learned(work, student, tokenizer, text, teachers, continued=False)


def _like(made: Bundle, config: ModelConfig) -> ModelConfig:
    """The student's settings; what is not given is as the teacher has it."""
    stock = json.loads((made.path / "config.json").read_text("utf-8"))
    own = {"architecture": stock["model_type"], "context": learning.context_of(made)}
    left = {name: value for name, value in own.items() if name not in config.model_fields_set}
    return config.model_copy(update=left)


def _teachers(work: Work) -> list[Bundle]:
    """The source, and the others that are given."""
    source = work.source.made
    others = [bundle.load(path) for path in work.how.teachers]
    for other in others:
        if other.tokenizer.hash != source.tokenizer.hash:
            raise Mismatch(
                f"the teacher '{other.path}' has the vocabulary {other.tokenizer.hash[:12]}, "
                f"'{source.path}' has {source.tokenizer.hash[:12]}",
                "Teachers have to say something of the same tokens: train them with vocab.source",
            )
    return [source, *others]
