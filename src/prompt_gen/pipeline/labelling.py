"""From a model that completes to one that labels, as straight-line calls."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prompt_gen import __version__, bundle, vocab
from prompt_gen.config import TuneConfig
from prompt_gen.engine import Labeller
from prompt_gen.errors import SettingError
from prompt_gen.evaluate import labels as evaluation
from prompt_gen.evaluate.labels import page
from prompt_gen.pipeline import before
from prompt_gen.run import Event, Request, Run, Watch, fingerprint
from prompt_gen.settings import RunConfig
from prompt_gen.storage import write_atomic
from prompt_gen.tasks import TASKS, Parts, Read, parts

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
    from prompt_gen.graph import completing, weights

    config = before.checked(config, run)
    _refuse(config.tune)
    before.refuse_trained(paths, run, resume=resume, force=force)
    if resume and run.request:
        paths = run.request.paths
    task = TASKS.load(config.tune.task)
    texts = parts(task.read, paths, config.tune)
    run.begin()
    run.record_settings(config.model_dump())
    run.record_request(Request.of(config.model_dump(), paths))
    watch(Event("training", "note", facts=texts.facts()))
    tokenizer, _ = vocab.adopt.adopt(
        Path(config.vocab.source or ""), ["".join(each.pieces) for each in texts.train]
    )
    known = {
        "name": config.tune.task,
        "labels": texts.labels,
        "reads": _reads(config.tune),
        "joined": task.joiner(texts.train) if config.tune.task == "tag" else "",
    }
    trained = _trained(run, config, texts, known, tokenizer, watch, resume=resume, force=force)
    graph = completing.export(
        trained.directory, tokenizer.hash, weights.KINDS[config.export.weights]
    )
    facts = {
        "version": __version__,
        "task": known,
        "texts": texts.facts(),
        "vocab_size": tokenizer.size,
        "vocab_kind": config.vocab.origin,
        "architecture": config.model.architecture,
        "shape": f"{trained.facts['layers']} x {trained.facts['width']}",
        "training": trained.facts,
        "pretrained": Path(config.model.pretrained or "").name,
        "graph": config.export.model_dump(),
        "command": command,
    }
    made = bundle.write(run, trained.directory, tokenizer, graph, facts)
    report = evaluation.measure(Labeller(made), texts.test, config.evaluate)
    report |= {"texts_of": texts.facts(), "tune": config.tune.model_dump()}
    directory = run.path / "evaluation"
    directory.mkdir(exist_ok=True)
    text = json.dumps(report, ensure_ascii=False, indent=1)
    write_atomic(directory / "report.json", text + "\n")
    page.write(report, made.name, directory / "report.html")
    headline = {report["score"]: report["numbers"][report["score"]]}
    bundle.attach_report(made, {"numbers": report["numbers"], "headline": headline,
                                "lines": {"n": len(texts.test), "source": "its test part",
                                          "typed": 0}})  # fmt: skip
    return report


def _trained(
    run: Run,
    config: RunConfig,
    texts: Parts,
    known: dict[str, Any],
    tokenizer: vocab.Tokenizer,
    watch: Watch,
    *,
    resume: bool,
    force: bool,
) -> Any:
    """The weights, learned by the loop that completers learn by."""
    from prompt_gen import model, training
    from prompt_gen.model.headed import with_head

    task, tune = TASKS.load(config.tune.task), config.tune
    network = with_head(
        model.gone_on_from(config.model, tokenizer), task.HEAD, known["labels"], config.train.seed
    )
    training.choose_weights(network, tune, config.train.seed)
    learned = [(each.pieces, each.labels) for each in (*texts.train, *texts.validation)]
    sections = (section.model_dump() for section in (config.model, config.train, tune))
    print_ = fingerprint(tokenizer.hash, known, learned, *sections)
    device = training.choose_device(config.train)
    recipe = training.recipe_for_labels(config.train, device, network.config.hidden_size)
    teach = training.of_labels(
        (texts.train, texts.validation),
        known["labels"],
        task.numbers,
        task.SCORE,
        tokenizer,
        config.train,
        known["reads"],
        tune.class_weights == "balanced",
    )
    if force:
        run.forget("training")
    scale = training.scales(network, tune)
    where = run.station("training")
    return training.fit(network, teach, config.train, recipe, where, print_, watch, resume, scale)


def _reads(tune: TuneConfig) -> Read:
    return _BEST[tune.task] if tune.reads == "auto" else tune.reads


def _refuse(tune: TuneConfig) -> None:
    """Settings of another task."""
    if tune.replay:
        raise SettingError(
            f"old text is replayed for the task complete, not for '{tune.task}'",
            "Leave --replay out; --weights last or lora changes less of what the model knows",
        )
    if tune.task == "classify" and tune.reads == "around":
        raise SettingError(
            "setting 'tune.reads' is 'around', but a whole text is judged at its last token, "
            "which sees all others anyhow",
            "Choose once or twice",
        )
