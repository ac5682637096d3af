"""The table of contents: the road from text to a completer, as straight-line calls."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prompt_gen import __version__, bundle, corpus, shards, vocab
from prompt_gen import evaluate as evaluation
from prompt_gen.bundle import Bundle
from prompt_gen.config import validated
from prompt_gen.corpus import Corpus
from prompt_gen.errors import (
    DataError,
    Mismatch,
    OutputExists,
    SettingError,
    StorageError,
    UsageError,
)
from prompt_gen.evaluate import Calibration, Material, Report
from prompt_gen.run import Event, Request, Run, Watch, fingerprint, is_run, silent
from prompt_gen.settings import RunConfig
from prompt_gen.shards import ShardSet
from prompt_gen.text import frequent_starts, script

if TYPE_CHECKING:  # torch would be loaded by what only serves or completes
    from transformers import PreTrainedModel

    from prompt_gen.model import Shape
    from prompt_gen.training import Forecast, Trained


def train(
    paths: Sequence[str | Path],
    run: Run,
    config: RunConfig,
    watch: Watch = silent,
    *,
    resume: bool = False,
    force: bool = False,
    command: str = "",
) -> Report:
    """Text files to an evaluated bundle; stations whose inputs have not changed are not run again.

    Without paths the run's own corpus is used.

    Raises:
        OutputExists: the run has been trained, and neither `resume` nor `force` is given; or
            another process is writing to it.
        PromptGenError: whatever a station finds wrong.
    """
    with run.claim():
        return _train(paths, run, config, watch, resume, force, command)


def _train(
    paths: Sequence[str | Path],
    run: Run,
    config: RunConfig,
    watch: Watch,
    resume: bool,
    force: bool,
    command: str,
) -> Report:
    from prompt_gen.export import onnx

    config = _checked(config, run)
    _clear_the_way(paths, run, resume, force)
    documents = _documents(paths, run, config, watch, resume)
    tokenizer = vocab.fit(documents, config.vocab, run, watch)
    shard_set = shards.write(documents, tokenizer, run, watch)

    shape, trained = _fit(run, config, tokenizer, shard_set, watch, resume)
    graph = onnx.export(trained.directory, tokenizer.hash)
    facts = _facts(documents, tokenizer, config, f"{shape.layers} x {shape.width}", trained.facts)
    bundle.write(run, trained.directory, tokenizer, graph, facts | {"command": command})
    quick = {"typed": min(config.evaluate.typed, config.evaluate.typed_after_training)}
    settings = config.model_copy(update={"evaluate": config.evaluate.model_copy(update=quick)})
    return evaluate(run.path, settings, watch, command=command)


def forecast(
    paths: Sequence[str | Path],
    run: Run,
    config: RunConfig,
    watch: Watch = silent,
    *,
    resume: bool = False,
    force: bool = False,
) -> "Forecast":
    """What `train` would do with the same arguments: all that comes before it is made and kept.

    Raises:
        OutputExists: the run has been trained, and neither `resume` nor `force` is given.
        PromptGenError: whatever a station finds wrong, or a training that cannot work.
    """
    config = _checked(config, run)
    with run.claim():
        _refuse_trained(paths, run, resume, force)
        documents = corpus.read(paths, config.corpus, run, watch) if paths else corpus.load(run)
        # What is meant for training is not on record before there is one.
        run.record_settings(config.model_dump(include={"corpus", "vocab"}))
        tokenizer = vocab.fit(documents, config.vocab, run, watch)
        shard_set = shards.write(documents, tokenizer, run, watch)
        return _Start.of(run, config, tokenizer, shard_set).foresee(watch)


def _checked(config: RunConfig, run: Run) -> RunConfig:
    """The settings with what a model to go on from decides, names and device looked up."""
    from prompt_gen import model, training

    vocab.TOKENIZERS.check(config.vocab.kind)
    model.check(config.model)
    config = _with_pretrained(config, run)
    training.check_trackers(config.train.trackers)
    training.choose_device(config.train)
    return config


def train_along(path: str | Path, *, resume: bool = False) -> None:
    """What a process does that is not the first of several: it trains with what that one makes.

    Its settings are those that the first one records; it prints and writes nothing.

    Raises:
        Interrupted: Ctrl-C or SIGTERM, or another process has ended.
        PromptGenError: whatever training finds wrong.
    """
    from prompt_gen import training

    training.await_first()
    run = Run.open(path)
    config = validated(RunConfig, run.settings)
    tokenizer = vocab.load(run)
    _fit(run, config, tokenizer, shards.load(run, tokenizer), silent, resume)


@dataclass(frozen=True)
class _Start:
    """All that training begins with, the same in every process."""

    run: Run
    config: RunConfig
    tokenizer: vocab.Tokenizer
    shards: ShardSet
    shape: "Shape"
    network: "PreTrainedModel"
    print_: str  # fingerprint of data and settings

    @classmethod
    def of(
        cls, run: Run, config: RunConfig, tokenizer: vocab.Tokenizer, shard_set: ShardSet
    ) -> "_Start":
        """A network of the right shape beside its data."""
        from prompt_gen import model, training

        device, n_tokens = training.choose_device(config.train), shard_set.train.n_tokens
        shape = model.choose_shape(config.model, config.train, device, n_tokens)
        network = model.begin(config.model, shape, tokenizer, config.train.seed)
        print_ = fingerprint(
            shard_set.fingerprint, config.model.model_dump(), config.train.model_dump()
        )
        return cls(run, config, tokenizer, shard_set, shape, network, print_)

    def foresee(self, watch: Watch) -> "Forecast":
        """What the training will be like, beside what counting its text reaches."""
        from prompt_gen import training

        return training.foresee(
            self.network,
            self.shards,
            self.tokenizer,
            self.config.train,
            self.run.station("training"),
            watch,
            continued=self.config.model.pretrained is not None,
        )


def _fit(
    run: Run,
    config: RunConfig,
    tokenizer: vocab.Tokenizer,
    shard_set: ShardSet,
    watch: Watch,
    resume: bool,
) -> "tuple[Shape, Trained]":
    """Shards to weights, the same in every process."""
    from prompt_gen import training

    start, directory = _Start.of(run, config, tokenizer, shard_set), run.station("training")
    with training.together():
        ahead = (resume and training.kept(directory, start.print_)) or start.foresee(watch)
        ahead.keep(directory, start.print_)
        trained = training.fit(
            start.network,
            shard_set,
            tokenizer,
            config.train,
            ahead.recipe,
            directory,
            start.print_,
            watch,
            resume,
        )
    return start.shape, trained


def _documents(
    paths: Sequence[str | Path], run: Run, config: RunConfig, watch: Watch, resume: bool
) -> Corpus:
    """The corpus to train on; what was asked for is kept first, so that no crash forgets it."""
    settings = config.model_dump()
    if resume and run.request:
        paths = run.request.paths  # none, if the corpus had been made
    else:
        run.record_request(Request.of(settings, paths))
    documents = corpus.read(paths, config.corpus, run, watch) if paths else corpus.load(run)
    run.record_settings(settings)
    run.record_request(Request.of(settings, ()))
    return documents


def evaluate(
    path: str | Path,
    config: RunConfig,
    watch: Watch = silent,
    *,
    data: Path | None = None,
    compare: str | Path | None = None,
    command: str = "",
) -> Report:
    """Measure the bundle of a run on its own test part, or on the lines of a file.

    Raises:
        UsageError: no lines to measure on: neither a file nor a corpus beside the bundle.
        PromptGenError: what reading the file or loading the bundles finds wrong.
    """
    made = bundle.load(path)
    other = bundle.load(compare) if compare is not None else None
    remarks = _remarks(made, other, config)
    try:
        documents = _corpus_of(made)
    except DataError as error:
        if data is None:
            raise
        documents, remarks = None, [*remarks, f"the training text cannot be read: {error.message}"]
    if data is not None:
        lines, source = list(corpus.texts([data], config.corpus)), data.name
    elif documents is not None:
        lines, source = list(documents.test), "its own test part"
    else:
        raise UsageError(
            f"the text that '{path}' was trained on is not beside it, so it has no test part",
            "Give held-out lines with --data",
        )
    material = Material(lines, source, documents, other, _kept(made), command, remarks)
    report, fitted = evaluation.measure(made, material, config.evaluate, config.engine, watch)
    is_whole = config.evaluate.limit is None and config.evaluate.typed > 0
    if data is None and compare is None and is_whole:
        _keep(made, report, fitted, config, watch)
    return report


def _keep(
    made: Bundle, report: Report, fitted: Calibration, config: RunConfig, watch: Watch
) -> None:
    """Have the bundle know its numbers and, found with its own settings, the scores' temperature.

    What cannot be kept is told and does not take the report along.
    """
    run = Run.open(made.path.parent)
    own = run.settings.get("engine")
    try:
        with run.claim():
            bundle.check_same(made)
            bundle.attach_report(made, report.for_bundle())
            if fitted.facts and own == config.engine.model_dump():
                bundle.attach_calibration(made, fitted.temperature, fitted.facts)
            report.save(made.path.parent / "evaluation" / "report.json")
    except (OSError, OutputExists, StorageError, Mismatch) as error:
        why = error.strerror if isinstance(error, OSError) else error.message
        told = f"the bundle cannot keep its numbers: {why}"
        watch(Event("evaluate", "note", facts={"warning": told}))


def _remarks(made: Bundle, other: Bundle | None, config: RunConfig) -> list[str]:
    """What a reader of a comparison must know."""
    found = []
    if other is not None and _trained_on(other) != _trained_on(made):
        found.append(
            f"'{other.name}' was trained on another corpus: it may have been trained on lines that "
            "are held out here, and beginnings are seen or unseen for the first bundle only"
        )
    n_chars = made.facts.get("corpus", {}).get("chars", 0)
    if n_chars > config.evaluate.baseline_chars:
        found.append(
            f"baselines have learned from {config.evaluate.baseline_chars:,} of about {n_chars:,} "
            "characters (evaluate.baseline_chars)"
        )
    return found


def _trained_on(made: Bundle) -> str | None:
    """The fingerprint of the corpus that a bundle was trained on."""
    return made.facts.get("corpus", {}).get("fingerprint")


def _corpus_of(made: Bundle) -> Corpus | None:
    """The corpus that a bundle was trained on, if its run has it still; another one is no help."""
    if not is_run(made.path.parent):
        return None
    run = Run.open(made.path.parent)
    if run.fingerprint("corpus") != _trained_on(made):
        return None
    return corpus.load(run)


def _kept(made: Bundle) -> Path | None:
    """Where a run keeps what its evaluations found; none: it is no run, or cannot be written."""
    run = made.path.parent
    return run / "evaluation" if is_run(run) and os.access(run, os.W_OK) else None


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


def _clear_the_way(paths: Sequence[str | Path], run: Run, resume: bool, force: bool) -> None:
    _refuse_trained(paths, run, resume, force)
    if force:
        run.forget("training", "bundle")


def _refuse_trained(paths: Sequence[str | Path], run: Run, resume: bool, force: bool) -> None:
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


def _facts(
    documents: Corpus,
    tokenizer: vocab.Tokenizer,
    config: RunConfig,
    shape: str,
    trained: dict[str, Any],
) -> dict[str, Any]:
    """What the manifest, the card and the page say about a bundle."""
    corpus_facts = {k: v for k, v in documents.facts.items() if k not in ("files", "fingerprint")}
    corpus_facts["canaries"] = [canary["count"] for canary in documents.facts.get("canaries", [])]
    return {
        "version": __version__,
        "corpus": corpus_facts | {"fingerprint": documents.fingerprint},
        "script": script("".join(islice(documents.train, 1000))),
        "examples": frequent_starts(documents.train),
        "vocab_kind": config.vocab.origin,
        "vocab_size": tokenizer.size,
        "architecture": config.model.architecture,
        "shape": shape,
        "training": trained,
    } | ({"pretrained": Path(config.model.pretrained).name} if config.model.pretrained else {})
