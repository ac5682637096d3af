"""What a command asks for, looked through before a station works for it."""

from collections.abc import Sequence
from pathlib import Path

from prompt_gen import corpus, vocab
from prompt_gen.corpus import Corpus
from prompt_gen.errors import OutputExists, SettingError, UsageError
from prompt_gen.run import Request, Run, Watch
from prompt_gen.settings import RunConfig


def checked(config: RunConfig, run: Run) -> RunConfig:
    """The settings with what a model to go on from decides, names and device looked up."""
    from prompt_gen import model, training

    vocab.TOKENIZERS.check(config.vocab.kind)
    model.check(config.model)
    config = _with_pretrained(config, run)
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
