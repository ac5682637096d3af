"""What a model can be tuned for: one file per task, one row each.

The file of a task that labels texts has

    HEAD                         end of the stock class's name
    read(paths, config)          files to `Labelled`, with errors that name the line
    numbers(gold, found)         names to functions of how often each text counts (see `counting`)
    SCORE                        the name of the number that is to become large

where `gold` and `found` are the labels of texts. `complete` has a HEAD alone: its text is a corpus.
`dialogue` has no `numbers`: what is said there is free text (see `evaluate.answers`). Those of
`rank` take scores, not labels, and weights of queries.
"""

from prompt_gen.choices import Choice, Choices
from prompt_gen.tasks.labelled import Labelled, Parts, parts, spread
from prompt_gen.tasks.reading import Read, read_text

__all__ = ["TASKS", "Labelled", "Parts", "Read", "parts", "read_text", "spread"]

TASKS = Choices(
    "task",
    {
        "complete": Choice("prompt_gen.tasks.complete", "text of another kind; a completer again"),
        "classify": Choice("prompt_gen.tasks.classify", "a label for a text"),
        "dialogue": Choice("prompt_gen.tasks.dialogue", "answers to questions, in conversations"),
        "rank": Choice("prompt_gen.tasks.rank", "the wanted items of a query first, from clicks"),
        "tag": Choice("prompt_gen.tasks.tag", "marks pieces of a text, such as names (BIO)"),
    },
)
