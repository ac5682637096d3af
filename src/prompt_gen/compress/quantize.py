"""The same weights: in fewer bits is what the graph makes of them (see `graph.weights`)."""

from prompt_gen.compress.work import Made, Work

NEEDS_TEXT = False


def make(work: Work) -> Made:
    """The stock directory of the bundle itself."""
    made = work.source.made
    return Made(made.path, made.tokenizer)
