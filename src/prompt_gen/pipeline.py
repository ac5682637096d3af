"""The table of contents: the road from text to a completer, as straight-line calls."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from prompt_gen import __version__, bundle, corpus, evaluate, shards, vocab
from prompt_gen.bundle import Bundle
from prompt_gen.corpus import Corpus
from prompt_gen.errors import OutputExists, UsageError
from prompt_gen.evaluate import Report
from prompt_gen.run import Run, Watch, fingerprint, silent
from prompt_gen.settings import RunConfig
from prompt_gen.text import frequent_starts, script


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
        OutputExists: the run has been trained, and neither `resume` nor `force` is given.
        PromptGenError: whatever a station finds wrong.
    """
    from prompt_gen import model, training
    from prompt_gen.export import onnx

    vocab.TOKENIZERS.check(config.vocab.kind)
    model.ARCHITECTURES.check(config.model.architecture)
    device = training.choose_device(config.train)
    _clear_the_way(paths, run, resume, force)
    documents = corpus.read(paths, config.corpus, run, watch) if paths else corpus.load(run)
    run.record_settings(config.model_dump())
    tokenizer = vocab.fit(documents, config.vocab, run, watch)
    shard_set = shards.write(documents, tokenizer, run, watch)

    shape = model.choose_shape(config.model, config.train, device)
    network = model.build(config.model, shape, tokenizer.size, config.train.seed)
    print_ = fingerprint(
        shard_set.fingerprint, config.model.model_dump(), config.train.model_dump()
    )
    trained = training.fit(
        network, shard_set, config.train, run.station("training"), print_, watch, resume
    )
    graph = onnx.export(trained.directory, tokenizer.hash)
    facts = _facts(documents, tokenizer, config, f"{shape.layers} x {shape.width}", trained.facts)
    made = bundle.write(run, trained.directory, tokenizer, graph, facts | {"command": command})
    return measure(made, list(documents.test), config, watch)


def measure(
    made: Bundle,
    lines: Sequence[str],
    config: RunConfig,
    watch: Watch = silent,
    *,
    keep: bool = True,
) -> Report:
    """Evaluate a bundle on lines and, for its own test part, keep the report with it."""
    report = evaluate.measure(made, lines, config.evaluate, config.engine, watch)
    if keep:
        bundle.attach_report(made, report.as_dict())
    return report


def _clear_the_way(paths: Sequence[str | Path], run: Run, resume: bool, force: bool) -> None:
    if resume and (paths or force):
        raise UsageError(
            "--resume goes on with the run as it is: it takes neither files nor --force",
            "Leave them out, or leave --resume out to start over with --force",
        )
    begun = [name for name in ("training", "bundle") if run.station(name).exists()]
    if force:
        run.forget("training", "bundle")
    elif begun and not resume:
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
    }
