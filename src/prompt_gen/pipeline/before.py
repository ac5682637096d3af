"""What a command asks for, looked through before a station works for it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from prompt_gen import corpus, vocab
from prompt_gen.corpus import Corpus
from prompt_gen.errors import Interrupted, OutputExists, SettingError, UsageError
from prompt_gen.run import Request, Run, Watch
from prompt_gen.settings import RunConfig


def checked(config: RunConfig, run: Run) -> RunConfig:
    """The settings with what a model to go on from decides, names and device looked up."""
    from prompt_gen import model, training

    vocab.TOKENIZERS.check(config.vocab.kind)
    model.check(config.model)
    config = _with_pretrained(config, run)
    _refuse_tuning(config)
    training.check_trackers(config.train.trackers)
    training.choose_device(config.train)
    return config


def _with_pretrained(config: RunConfig, run: Run) -> RunConfig:
    """The settings of a run that goes on from a directory: its shape and its vocabulary."""
    from prompt_gen.model import pretrained, settled

    if config.model.pretrained is None:
        return config
    where = pretrained.find(config.model.pretrained)
    if where.resolve().is_relative_to(run.path.resolve()):
        raise UsageError(
            f"'{where}' is in the run '{run.path}' itself, which would be written over",
            "Choose another --out",
        )
    source = str(vocab.adopt.find(where).absolute())
    if config.vocab.source not in (None, source):
        raise SettingError(
            f"setting 'vocab.source' is '{config.vocab.source}', "
            f"but a model that goes on keeps its vocabulary, '{source}'",
            "Leave vocab.source out",
        )
    kept = config.vocab.model_copy(update={"source": source})
    return config.model_copy(update={"model": settled(config.model), "vocab": kept})


def _refuse_tuning(config: RunConfig) -> None:
    """Settings of a tuning that would do nothing, or not what they say."""
    usual = type(config.tune)()  # what a run has recorded is set, be it so or not
    given = [name for name, value in config.tune if value != getattr(usual, name)]
    if config.model.pretrained is None and given:
        raise SettingError(
            f"setting 'tune.{given[0]}' is for a model that goes on, and this one begins afresh",
            "Say from what: prompt-gen finetune DIR, or --pretrained DIR",
        )
    if config.tune.replay_files and not config.tune.replay:
        raise SettingError(
            "files of old text were given, but none of it is to be replayed",
            "Say how much of what is learned is to be of it, e.g. --replay 0.3",
        )
    if config.tune.replay and config.train.repeats == "once":
        raise SettingError(
            "setting 'train.repeats' is 'once', but old text is replayed by how often it is shown",
            "Leave train.repeats out, or --replay",
        )


def refuse_task(config: RunConfig) -> None:
    """A training makes a completer.

    Raises:
        UsageError: it is a tuning for another task.
    """
    if config.tune.task != "complete":
        raise UsageError(
            f"this run is tuned for the task '{config.tune.task}'",
            "Use: prompt-gen finetune, with --resume to go on",
        )


def refuse_fresh(config: RunConfig) -> None:
    """Tuning goes on from something.

    Raises:
        UsageError: it is not said from what.
    """
    if config.model.pretrained is None:
        raise UsageError(
            "no model to go on from was given",
            "Give a run or a bundle: prompt-gen finetune DIR, or a stock model: --pretrained DIR",
        )


@contextmanager
def told_how_to_go_on(run: Run, command: str) -> Iterator[None]:
    """An interruption that says how the command, and not only the training in it, goes on."""
    try:
        yield
    except Interrupted as error:
        hint = f"Go on with: prompt-gen {command} --out {run.path} --resume"
        raise Interrupted(error.message, hint) from error


def refuse_trained(paths: Sequence[str | Path], run: Run, *, resume: bool, force: bool) -> None:
    """Do not write over what has been trained, unless that is asked for.

    Raises:
        OutputExists, UsageError: see `train`.
    """
    if resume and (paths or force):
        raise UsageError(
            "--resume goes on with the run as it is: it takes neither files nor --force",
            "Leave them out, or leave --resume out to start over with --force",
        )
    begun = [name for name in ("training", "bundle") if run.station(name).exists()]
    if begun and not (resume or force):
        raise OutputExists(
            f"'{run.path}' has been trained already (it has {' and '.join(begun)})",
            "Go on with --resume, start over with --force, or choose another --out",
        )


def documents(
    paths: Sequence[str | Path], run: Run, config: RunConfig, watch: Watch, resume: bool
) -> Corpus:
    """The corpus to train on; what was asked for is kept first, so that no crash forgets it."""
    settings = config.model_dump(exclude={"feedback"})  # it may hold a password
    if resume and run.request:
        paths = run.request.paths  # none, if the corpus had been made
    else:
        run.record_request(Request.of(settings, paths))
    documents = corpus.read(paths, config.corpus, run, watch) if paths else corpus.load(run)
    run.record_settings(settings)
    run.record_request(Request.of(settings, ()))
    return documents
