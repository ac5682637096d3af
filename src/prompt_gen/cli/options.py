"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Any setting, e.g. train.seed=1."),
]
ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="TOML file; default: ./prompt-gen.toml, if any.")
]
Force = Annotated[bool, typer.Option("--force", help="Make it anew, over what is there.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
RunDir = Annotated[Path, typer.Argument(metavar="DIR", help="The run directory.")]
Model = Annotated[Path, typer.Argument(metavar="RUN", help="A run directory or a bundle.")]
Kind = Annotated[
    str | None,
    typer.Option("--kind", help="Vocabulary: bpe (default), unigram, wordpiece, word or char."),
]
VocabSize = Annotated[
    str | None,
    typer.Option(
        "--vocab-size",
        metavar="N|auto",
        help="Entries of the vocabulary; auto (default): from the size of the corpus.",
    ),
]
VocabSource = Annotated[
    Path | None,
    typer.Option("--from", help="A vocab.txt or tokenizer.json to take instead of learning one."),
]
Minutes = Annotated[
    float | None, typer.Option("--minutes", help="Wall time of training. (default: 5)")
]
Steps = Annotated[int | None, typer.Option("--steps", help="Updates, in place of minutes.")]
Seed = Annotated[int | None, typer.Option("--seed", help="Of all that is random.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on where the run was stopped.")]
MemoryBudget = Annotated[
    float | None,
    typer.Option(
        "--memory-budget",
        metavar="X",
        help="Room for the memory, bytes for each byte of training text; 0: none. (default: 1.5)",
    ),
]
User = Annotated[str, typer.Option("--user", metavar="NAME", help="Whose lines.")]
Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE...", help="Files, directories, patterns; - for standard input."),
]
Out = Annotated[Path, typer.Option("--out", help="The run directory.")]
Field = Annotated[
    list[str] | None,
    typer.Option("--field", help="Column or key with text; several stay together as one record."),
]
Format = Annotated[
    str | None,
    typer.Option("--format", help="text, json, jsonl, csv, tsv or parquet. (default: by name)"),
]
Document = Annotated[
    str | None, typer.Option("--document", help="line, paragraph or file. (default: line)")
]
OnBadBytes = Annotated[
    str | None,
    typer.Option(
        "--on-bad-bytes",
        help="Lines with bytes that fit no character: skip-line, replace or fail. "
        "(default: skip-line)",
    ),
]
