"""What lies beside a bundle and belongs to its evaluation: held-out lines, and kept numbers."""

import os
from pathlib import Path

from prompt_gen import bundle, corpus
from prompt_gen.bundle import Bundle
from prompt_gen.corpus import Corpus
from prompt_gen.errors import DataError, Mismatch, OutputExists, StorageError, UsageError
from prompt_gen.evaluate import Calibration, Material, Report
from prompt_gen.run import Event, Run, Watch, is_run
from prompt_gen.settings import RunConfig


def material(
    made: Bundle, other: Bundle | None, config: RunConfig, data: Path | None, command: str
) -> Material:
    """What a bundle is measured on: the lines of a file, or its run's own test part.

    Raises:
        UsageError: there is neither.
        PromptGenError: what reading the file finds wrong.
    """
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
            f"the text that '{made.path}' was trained on is not beside it, so it has no test part",
            "Give held-out lines with --data",
        )
    return Material(lines, source, documents, other, _kept(made), command, remarks)


def keep(
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
            if fitted.facts and own == config.engine.model_dump(mode="json"):
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
