"""Changed copies of the texts that are learned from; what is looked at and measured on stays."""

from collections.abc import Sequence

from prompt_gen.config import TuneConfig
from prompt_gen.engine.covers import Vocabulary
from prompt_gen.engine.generating import Generation, Generator
from prompt_gen.engine.runtime import Graph
from prompt_gen.errors import SettingError, TextTooLong
from prompt_gen.pipeline import old
from prompt_gen.run import Run
from prompt_gen.settings import RunConfig
from prompt_gen.tasks import Labelled, augment
from prompt_gen.vocab import Tokenizer

_CHANGED = {"classify": 1, "dialogue": 2}  # task: of how many pieces the first one is changed
_TOKENS = 4  # of a unit, at most


def check(tune: TuneConfig) -> None:
    """Refuse what cannot be changed.

    Raises:
        UnknownChoice: no such way.
        SettingError: the task has texts of which a part has a label or is to be told.
    """
    augment.check(tune.augment)
    if tune.augment and tune.task not in _CHANGED:
        raise SettingError(
            f"setting 'tune.augment' is for {' and '.join(_CHANGED)}, not for '{tune.task}'",
            "Leave it out",
        )


def augmented(
    run: Run, config: RunConfig, tokenizer: Tokenizer, texts: Sequence[Labelled]
) -> list[Labelled]:
    """Copies of texts whose whole text, or of conversations whose questions, are changed."""
    tune, seed = config.tune, config.train.seed
    if not tune.augment:
        return []
    goes_on = _writer(run, config, tokenizer) if "sample" in tune.augment else _unasked
    step, found = _CHANGED[tune.task], list[Labelled]()
    for at, each in enumerate(texts):
        for place in range(0, len(each.pieces), step):
            for text in augment.changed(each.pieces[place], tune, (seed, at, place), goes_on):
                pieces = (*each.pieces[:place], text, *each.pieces[place + 1 :])
                found.append(Labelled(pieces, each.labels))
    return found


def _unasked(text: str, n: int, seed: int) -> str:
    raise AssertionError("only samples are written by a model")


def _writer(run: Run, config: RunConfig, tokenizer: Tokenizer) -> augment.GoesOn:
    """What the model that is gone on from writes behind a beginning."""
    model = Graph(old.model(run, config, tokenizer))
    generator = Generator(model, Vocabulary(tokenizer))

    def goes_on(text: str, n: int, seed: int) -> str:
        prompt, wanted = generator.prompt(text), Generation(max_tokens=n * _TOKENS, seed=seed)
        try:
            generator.check(prompt, wanted, is_scored=False)
        except TextTooLong:
            return text  # a beginning alone
        steps = generator.run([prompt], wanted, lambda: False)
        written = "".join(piece.text for pieces in steps for piece in pieces)
        return text + "".join(augment.units(written)[:n])

    return goes_on
