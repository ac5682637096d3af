"""What all tunings for a task have in common: how they begin, and what they leave."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prompt_gen import __version__, bundle, vocab
from prompt_gen.bundle import Bundle
from prompt_gen.errors import SettingError
from prompt_gen.pipeline import augmenting, before
from prompt_gen.run import Event, Request, Run, Watch, fingerprint
from prompt_gen.settings import RunConfig
from prompt_gen.storage import write_atomic
from prompt_gen.tasks import TASKS, Labelled, Parts, parts
from prompt_gen.vocab import Tokenizer

if TYPE_CHECKING:  # torch would be loaded by what only serves or completes
    from transformers import PreTrainedModel

    from prompt_gen.training import Trained
    from prompt_gen.training.lesson import Teach
    from prompt_gen.training.recipe import Recipe


@dataclass(frozen=True)
class Tuning:
    """A tuning that has begun: its settings, its texts, and what spells them."""

    run: Run
    config: RunConfig
    texts: Parts
    tokenizer: Tokenizer
    learned: list[Labelled]  # the texts to learn from, with changed copies of them

    @classmethod
    def begin(
        cls,
        paths: Sequence[str | Path],
        run: Run,
        config: RunConfig,
        watch: Watch,
        *,
        resume: bool,
        force: bool,
        n_first: int | None = None,
    ) -> "Tuning":
        """Read files and record what was asked for; `n_first`: see `tasks.parts`.

        Raises:
            OutputExists: the run has been trained.
            PromptGenError: what is wrong with settings or files.
        """
        config = before.checked(config, run)
        if config.tune.replay:
            raise SettingError(
                f"old text is replayed for the task complete, not for '{config.tune.task}'",
                "Leave --replay out; --weights last or lora changes less of what the model knows",
            )
        augmenting.check(config.tune)
        before.refuse_trained(paths, run, resume=resume, force=force)
        if resume and run.request:
            paths = run.request.paths
        texts = parts(TASKS.load(config.tune.task).read, paths, config.tune, n_first)
        run.begin()
        run.record_settings(config.model_dump())
        run.record_request(Request.of(config.model_dump(), paths))
        tokenizer, _ = vocab.adopt.adopt(
            Path(config.vocab.source or ""), ["".join(each.pieces) for each in texts.train]
        )
        more = augmenting.augmented(run, config, tokenizer, texts.train)
        told = texts.facts() | ({"changed_copies": len(more)} if more else {})
        watch(Event("training", "note", facts=told))
        return cls(run, config, texts, tokenizer, [*texts.train, *more])

    def fit(
        self,
        network: "PreTrainedModel",
        teach: "Teach",
        recipe: "Recipe",
        known: dict[str, Any],
        watch: Watch,
        *,
        resume: bool,
        force: bool,
    ) -> "Trained":
        """The weights, learned by the loop that completers learn by."""
        from prompt_gen import training

        config = self.config
        training.choose_weights(network, config.tune, config.train.seed)
        learned = [(each.pieces, each.labels) for each in (*self.learned, *self.texts.validation)]
        sections = (section.model_dump() for section in (config.model, config.train, config.tune))
        print_ = fingerprint(self.tokenizer.hash, known, learned, *sections)
        if force:
            self.run.forget("training")
        where, scale = self.run.station("training"), training.scales(network, config.tune)
        return training.fit(
            network, teach, config.train, recipe, where, print_, watch, resume, scale
        )

    def bundled(
        self,
        trained: "Trained",
        known: dict[str, Any],
        command: str,
        files: Mapping[str, bytes] | None = None,
    ) -> Bundle:
        """The bundle of the weights, that knows its task and holds some more files."""
        from prompt_gen.graph import completing, weights

        config, facts = self.config, trained.facts
        graph = completing.export(
            trained.directory, self.tokenizer.hash, weights.KINDS[config.export.weights]
        )
        told = {
            "version": __version__,
            "task": known,
            "texts": self.texts.facts(),
            "vocab_size": self.tokenizer.size,
            "vocab_kind": config.vocab.origin,
            "architecture": config.model.architecture,
            "shape": f"{facts['layers']} x {facts['width']}",
            "training": facts,
            "pretrained": Path(config.model.pretrained or "").name,
            "graph": config.export.model_dump(),
            "command": command,
        }
        return bundle.write(self.run, trained.directory, self.tokenizer, graph, told, files=files)

    def told(
        self,
        report: dict[str, Any],
        made: Bundle,
        write: Callable[[dict[str, Any], str, Path], Path],
    ) -> dict[str, Any]:
        """The report with what it is of; kept beside the bundle, as a page, and on its card."""
        report = report | {"texts_of": self.texts.facts(), "tune": self.config.tune.model_dump()}
        directory = self.run.path / "evaluation"
        directory.mkdir(exist_ok=True)
        text = json.dumps(report, ensure_ascii=False, indent=1)
        write_atomic(directory / "report.json", text + "\n")
        write(report, made.name, directory / "report.html")
        lines = {"n": len(self.texts.test), "source": "its test part", "typed": 0}
        headline = {report["score"]: report["numbers"][report["score"]]}
        bundle.attach_report(
            made, {"numbers": report["numbers"], "headline": headline, "lines": lines}
        )
        return report
