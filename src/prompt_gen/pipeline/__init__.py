"""The table of contents: the road from text to a completer, as straight-line calls."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prompt_gen import bundle, corpus, memory, shards, vocab
from prompt_gen import evaluate as evaluation
from prompt_gen import export as exporting
from prompt_gen.config import validated
from prompt_gen.errors import UsageError
from prompt_gen.evaluate import Material, Report
from prompt_gen.pipeline import before, before_after, beside, dialogue, labelling, old, ranking
from prompt_gen.pipeline.compressing import Compressed, compress
from prompt_gen.pipeline.facts import of_bundle
from prompt_gen.pipeline.mixing import mixing
from prompt_gen.pipeline.start import Start
from prompt_gen.pipeline.to_target import compress as compress_to_target
from prompt_gen.replay import peers, replay
from prompt_gen.run import Run, Watch, is_run, silent
from prompt_gen.settings import RunConfig
from prompt_gen.tasks import TASKS
from prompt_gen.vocab import Tokenizer

__all__ = [
    "Compressed",
    "bench",
    "compress",
    "compress_to_target",
    "evaluate",
    "export",
    "finetune",
    "forecast",
    "remember",
    "remembered",
    "train",
    "train_along",
]

if TYPE_CHECKING:  # torch would be loaded by what only serves or completes
    from prompt_gen.training import Forecast


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
    before.refuse_task(config)
    with run.claim():
        config = _made(paths, run, config, watch, resume, force, command)
        settings = _briefly(config)
        return evaluate(run.path, settings, watch, command=command)


def finetune(
    paths: Sequence[str | Path],
    run: Run,
    config: RunConfig,
    watch: Watch = silent,
    *,
    resume: bool = False,
    force: bool = False,
    command: str = "",
) -> dict[str, Any]:
    """A model that is there (`model.pretrained`), and files, to a bundle that knows more.

    For `complete` what was gained on the new text and lost on the old, by name (`before_after`);
    for other tasks how good labels or answers are on the test part (`evaluate.labels`, `answers`).

    Raises:
        UsageError: no model to go on from; or its old text is to be replayed and not at hand.
        OutputExists, PromptGenError: see `train`.
    """
    TASKS.check(config.tune.task)
    before.refuse_fresh(config)
    with run.claim(), before.told_how_to_go_on(run, "finetune"):
        if config.tune.task != "complete":
            how = {"resume": resume, "force": force, "command": command}
            ways = {"dialogue": dialogue.converse, "rank": ranking.rank_items}
            tune = ways.get(config.tune.task, labelling.label)
            return tune(paths, run, config, watch, **how)
        config = _made(paths, run, config, watch, resume, force, command)
        settings, made = _briefly(config), bundle.load(run.path)
        earlier = old.model(run, config, made.tokenizer)
        texts = {"new": corpus.load(run)}
        if (known := old.text(run, config, watch)) is not None:
            texts["old"] = known[0]
        found = {}
        for name, text in texts.items():
            lines = Material(list(text.test), f"the test part of the {name} text", other=earlier)
            found[name], _ = evaluation.measure(
                made, lines, settings.evaluate, settings.engine, watch
            )
        return before_after.kept(run, made, config.tune, found)


def _made(
    paths: Sequence[str | Path],
    run: Run,
    config: RunConfig,
    watch: Watch,
    resume: bool,
    force: bool,
    command: str,
) -> RunConfig:
    """Run the stations from files to a bundle; the settings with what was found out on the way."""
    from prompt_gen.graph import completing, weights

    config = before.checked(config, run)
    before.refuse_trained(paths, run, resume=resume, force=force)
    documents = before.documents(paths, run, config, watch, resume)
    tokenizer = vocab.fit(documents, config.vocab, run, watch)
    shard_set = shards.write(documents, tokenizer, run, watch)
    shard_set = old.replayed(run, config, tokenizer, shard_set, watch)
    start = Start.of(run, config, tokenizer, shard_set)
    trained = start.fit(watch, resume=resume, force=force)
    remembered = memory.write(shard_set, tokenizer, run, config.memory, watch)
    multiply = weights.KINDS[config.export.weights]
    graph = completing.export(trained.directory, tokenizer.hash, multiply)
    facts = of_bundle(documents, tokenizer, config, start.shape, trained.facts)
    facts |= {"graph": config.export.model_dump(), "command": command}
    parts = (trained.directory, tokenizer, graph, facts)
    bundle.write(run, *parts, *mixing(run, remembered, shard_set, watch))
    return config


def _briefly(config: RunConfig) -> RunConfig:
    """The settings of the evaluation that ends a training."""
    quick = {"typed": min(config.evaluate.typed, config.evaluate.typed_after_training)}
    return config.model_copy(update={"evaluate": config.evaluate.model_copy(update=quick)})


def forecast(
    paths: Sequence[str | Path],
    run: Run,
    config: RunConfig,
    watch: Watch = silent,
    *,
    force: bool = False,
) -> "Forecast":
    """What `train` would do with the same arguments: all that comes before it is made and kept.

    Raises:
        OutputExists: the run has been trained, and `force` is not given.
        PromptGenError: whatever a station finds wrong, or a training that cannot work.
    """
    config = before.checked(config, run)
    with run.claim():
        before.refuse_trained(paths, run, resume=False, force=force)
        documents = corpus.read(paths, config.corpus, run, watch) if paths else corpus.load(run)
        # What is meant for training is not on record before there is one.
        run.record_settings(config.model_dump(include={"corpus", "vocab"}))
        tokenizer = vocab.fit(documents, config.vocab, run, watch)
        shard_set = shards.write(documents, tokenizer, run, watch)
        shard_set = old.replayed(run, config, tokenizer, shard_set, watch)
        return Start.of(run, config, tokenizer, shard_set).foresee(watch)


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
    shard_set = old.replayed(run, config, tokenizer, shards.load(run, tokenizer), silent)
    Start.of(run, config, tokenizer, shard_set).fit(silent, resume=resume)


def remember(run: Run, config: RunConfig, watch: Watch = silent, *, force: bool = False) -> bool:
    """Build the memory of a run; its bundle, if there is one, gets it in place of the old one.

    Whether there is a bundle. Its evaluation is gone then, as another model would be.

    Raises:
        UsageError: the run has no shards.
        PromptGenError: whatever is wrong with them, or with the bundle.
    """
    with run.claim():
        tokenizer = vocab.load(run)
        shard_set = shards.load(run, tokenizer)
        shard_set = old.replayed(
            run, validated(RunConfig, run.settings), tokenizer, shard_set, watch
        )
        if force:
            run.forget("memory")
        found = memory.write(shard_set, tokenizer, run, config.memory, watch)
        if not run.station("bundle").exists():
            return False
        made = bundle.load(run.path)
        facts = {name: value for name, value in made.facts.items() if name != "memory"}
        parts = (made.path, tokenizer, made.graph.read_bytes(), facts)
        bundle.write(run, *parts, *mixing(run, found, shard_set, watch), stock=made.is_stock)
        return True


def remembered(path: str | Path) -> tuple[memory.Memory, Tokenizer]:
    """The memory of a run or of a bundle, with its vocabulary.

    Raises:
        UsageError: there is none.
    """
    if is_run(Path(path)) and Run(path).fingerprint("memory"):
        run = Run(path)
        return memory.load(run.station("memory")), vocab.load(run)
    made = bundle.load(path)
    if made.memory is None:
        raise UsageError(f"'{path}' has no memory", "Build it: prompt-gen memory build RUN")
    return memory.load(made.memory), made.tokenizer


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
    material = beside.material(made, other, config, data, command)
    report, fitted = evaluation.measure(made, material, config.evaluate, config.engine, watch)
    is_whole = config.evaluate.limit is None and config.evaluate.typed > 0
    if data is None and compare is None and is_whole:
        beside.keep(made, report, fitted, config, watch)
    return report


def bench(
    path: str | Path,
    against: Sequence[str],
    config: RunConfig,
    watch: Watch = silent,
    *,
    data: Path | None = None,
) -> dict[str, Any]:
    """Replay typing with the bundle of a run and with peers that have the same weights.

    Raises:
        UnknownChoice, MissingExtra: see `peers.check`.
        UsageError: no lines to type: neither a file nor a corpus beside the bundle.
        PromptGenError: what reading the file, loading the bundle or opening a peer finds wrong.
    """
    peers.check(against)
    made = bundle.load(path)
    material = beside.material(made, None, config, data, "")
    found = replay(made, against, material.lines, config.engine, config.evaluate, watch)
    return {"name": made.name, "source": material.source} | found


def export(
    path: str | Path,
    target: str,
    out: Path,
    weights: str | None = None,
    watch: Watch = silent,
    *,
    runtime: Path | None = None,
    force: bool = False,
) -> dict[str, Any]:
    """Write the bundle of a run for another engine, held there to what the bundle says.

    Raises:
        UnknownChoice, MissingExtra, UsageError, OutputExists, Mismatch: see `export.write`.
        PromptGenError: what loading the bundle finds wrong.
    """
    exporting.check(target, weights)
    made = bundle.load(path)
    return exporting.write(made, target, out, weights, watch, runtime=runtime, force=force)
