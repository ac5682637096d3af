"""What is made smaller: a bundle, and the run that has the text it has learned."""

from dataclasses import dataclass
from pathlib import Path

from prompt_gen import bundle
from prompt_gen.bundle import Bundle
from prompt_gen.errors import UsageError
from prompt_gen.run import Run, is_run


@dataclass(frozen=True)
class Source:
    """A bundle that completes and has stock weights; its run, where its text is at hand still."""

    made: Bundle
    run: Run | None

    @classmethod
    def at(cls, path: str | Path) -> "Source":
        """The one of a run directory, or of a bundle.

        Raises:
            UsageError: it labels texts, or has no stock weights.
            NotFound, NotABundle, Damaged, Mismatch: see `bundle.load`.
        """
        made = bundle.load(path)
        if made.task is not None:
            raise UsageError(
                f"'{made.name}' labels texts ('{made.task['name']}'), and what can be made smaller "
                "completes",
                "Give the run of a completer",
            )
        if not made.is_stock:
            raise UsageError(
                f"'{made.path}' has no {bundle.STOCK_WEIGHTS}: it was made smaller without",
                "Give the bundle that it was made of, or make it again with compress.stock=true",
            )
        return cls(made, _run_of(made))

    def text(self) -> Run:
        """The run with the text.

        Raises:
            UsageError: it is not at hand.
        """
        if self.run is None:
            raise UsageError(
                f"the text that '{self.made.path}' has learned is not beside it, and this method "
                "learns from it",
                "Give the run directory, with its corpus; quantize needs no text",
            )
        return self.run


def _run_of(made: Bundle) -> Run | None:
    """The run that a bundle lies in, if the bundle's corpus is there still."""
    if not is_run(made.path.parent):
        return None
    run = Run.open(made.path.parent)
    fingerprint = made.facts.get("corpus", {}).get("fingerprint")
    return run if run.fingerprint("corpus") == fingerprint else None
