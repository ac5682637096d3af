"""What a model knew before it was tuned: its old text, and the bundle it was."""

from pathlib import Path

from prompt_gen import bundle, corpus, shards
from prompt_gen.bundle import Bundle
from prompt_gen.corpus import Corpus
from prompt_gen.errors import NotABundle, UsageError
from prompt_gen.run import Run, Watch, is_run
from prompt_gen.settings import RunConfig
from prompt_gen.shards import ShardSet
from prompt_gen.vocab import Tokenizer


def text(run: Run, config: RunConfig, watch: Watch) -> tuple[Corpus, Run] | None:
    """The old text and the run that has it; none: it is not at hand."""
    if config.tune.replay_files:
        own = Run(run.path / "old")
        return corpus.read(config.tune.replay_files, config.corpus, own, watch), own
    base = _run_of(Path(config.model.pretrained or ""))
    if base is None or base.fingerprint("corpus") is None:
        return None
    return corpus.load(base), base


def replayed(
    run: Run, config: RunConfig, tokenizer: Tokenizer, new: ShardSet, watch: Watch
) -> ShardSet:
    """The new documents, with as many old ones among them as are to be replayed.

    Raises:
        UsageError: the old text is not at hand.
    """
    if not config.tune.replay:
        return new
    found = text(run, config, watch)
    if found is None:
        raise UsageError(
            f"the text that '{config.model.pretrained}' has learned is not beside it, and "
            f"{config.tune.replay:.0%} of what is learned now are to be of it",
            "Give files of it with --replay-data, or leave --replay out",
        )
    documents, owner = found
    is_same = owner.fingerprint("vocab") and owner.facts("vocab").get("hash") == tokenizer.hash
    if is_same and owner.fingerprint("shards"):
        old = shards.load(owner, tokenizer)
    else:
        old = shards.write(documents, tokenizer, Run(run.path / "old"), watch)
    return shards.with_old(new, old, config.tune.replay)


def model(run: Run, config: RunConfig, tokenizer: Tokenizer) -> Bundle:
    """The bundle that was gone on from; of a stock directory one is made, without a memory."""
    source = config.model.pretrained or ""
    try:
        return bundle.load(source)
    except NotABundle:
        pass
    from prompt_gen import model as models
    from prompt_gen.graph import completing, weights
    from prompt_gen.training import save_stock

    before = Run(run.path / "before")
    before.begin()
    network = models.gone_on_from(config.model, tokenizer)
    directory = before.station("training")
    save_stock(directory, network)
    graph = completing.export(directory, tokenizer.hash, weights.KINDS[config.export.weights])
    return bundle.write(before, directory, tokenizer, graph, {"pretrained": Path(source).name})


def _run_of(path: Path) -> Run | None:
    """The run of a run directory, or of the bundle in one."""
    for where in (path, path.parent):
        if is_run(where):
            return Run.open(where)
    return None
