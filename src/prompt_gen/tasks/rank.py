"""Which of several items is wanted: a query, an item and whether it was clicked, on each line.

N queries
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from prompt_gen.config import TuneConfig
from prompt_gen.corpus import sources
from prompt_gen.corpus.readers import Reading
from prompt_gen.errors import BadText
from prompt_gen.tasks.counting import Number
from prompt_gen.tasks.labelled import Labelled
from prompt_gen.tasks.tables import Record, check_whole, named, records, text_of

HEAD = "ForSequenceClassification"
SCORE = "mrr"
CLICKED = {"1": "1", "true": "1", "0": "0", "false": "0"}
_COLUMNS = {
    "query": ("query", "question", "查询", "问题"),
    "item": ("item", "document", "title", "text", "候选", "标题"),
    "clicked": ("clicked", "click", "label", "点击", "标签"),
}
Usual = Mapping[str, tuple[str, ...]]  # columns, and how they may be named
_EXAMPLE = '{"query": "...", "item": "...", "clicked": 1}'
_KS = (1, 3, 5, 10)


def read(paths: Sequence[str | Path], config: TuneConfig) -> list[Labelled]:
    """The pairs of files: pieces are query and item, the label is "1" where it was clicked.

    Raises:
        BadText: a line without one of the three, or columns that are not named so.
    """
    return [
        Labelled((query, item), (_label(clicked, place),))
        for place, (query, item, clicked) in _rows(paths, [*_COLUMNS])
    ]


def pairs(paths: Sequence[str | Path]) -> Iterator[tuple[str, str]]:
    """Query and item of each line, clicked or not. Raises as `read` does."""
    for _, (query, item) in _rows(paths, ["query", "item"]):
        yield query, item


def _rows(paths: Sequence[str | Path], wanted: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Where a line is, and what stands there in the wanted columns."""
    usual = {name: _COLUMNS[name] for name in wanted}
    with TemporaryDirectory() as kept_input:
        for source in sources.find(paths, "auto", Path(kept_input)):
            reading = Reading(source.path, source.name)
            kind = "jsonl" if source.name == "stdin" else source.kind
            rows = records(kind, reading, partial(_is_header, usual), _EXAMPLE)
            columns = _columns(reading, rows, usual)
            for number, row in rows:
                place = f"'{reading.name}', line {number:,}"
                yield place, [text_of(reading, number, row, column) for column in columns]
            check_whole(reading)


def _is_header(usual: Usual, head: list[str]) -> bool:
    lower = {cell.lower() for cell in head}
    return all(lower & set(names) for names in usual.values())


def _columns(reading: Reading, rows: list[Record], usual: Usual) -> list[str]:
    names = [*rows[0][1]] if rows else []
    found = [named(reading, names, "", each) for each in usual.values()]
    for name, column in zip(usual, found, strict=True):
        if not column:
            raise BadText(
                f"'{reading.name}' has no column '{name}': {', '.join(names) or 'it is empty'}",
                f"Name its columns {', '.join(usual)}, in a first line or in JSON: {_EXAMPLE}",
            )
    return found


def _label(clicked: str, place: str) -> str:
    label = CLICKED.get(clicked.lower())
    if label is None:
        raise BadText(
            f"{place}: it is not known whether {clicked[:20]!r} is clicked",
            f"Write 1 where the item was clicked, 0 where it was not; e.g. {_EXAMPLE}",
        )
    return label


def by_query(pairs: Sequence[Labelled]) -> list[list[int]]:
    """The numbers of the pairs of each query that has both clicked and other items."""
    found: dict[str, list[int]] = {}
    for number, pair in enumerate(pairs):
        found.setdefault(pair.pieces[0], []).append(number)
    return [row for row in found.values() if len({pairs[i].labels for i in row}) == 2]


def numbers(pairs: Sequence[Labelled], scores: np.ndarray) -> dict[str, Number]:
    """MRR and NDCG@k, means over the queries of `by_query`; the items by falling score.

    Of equal scores each order counts alike: places are means over all of them.
    Source: Voorhees 1999, "The TREC-8 question answering track report", for MRR; Järvelin and
    Kekäläinen 2002, "Cumulated gain-based evaluation of IR techniques", with log2(1 + place), as
    scikit-learn's `ndcg_score` has it, of ties, too.
    """
    rows, mrr_N = by_query(pairs), list[float]()
    ndcg_N = {k: list[float]() for k in _KS}
    for row in rows:
        clicked = np.array([pairs[i].labels[0] == "1" for i in row])
        of_row = scores[row]
        mrr_N.append(_reciprocal_rank(clicked, of_row))
        for k in _KS:
            ndcg_N[k].append(_gain(clicked, of_row, k) / _gain(clicked, clicked, k))
    found = {"mrr": mrr_N} | {f"ndcg@{k}": values for k, values in ndcg_N.items()}
    return {name: _mean(np.array(values)) for name, values in found.items()}


def _mean(values_N: np.ndarray) -> Number:
    return lambda weights_RN: weights_RN @ values_N / weights_RN.sum(axis=1)


def _groups(clicked: np.ndarray, scores: np.ndarray) -> list[tuple[int, int, int]]:
    """Of each score, falling: items before, items with it, clicked ones of them."""
    found, n = list[tuple[int, int, int]](), 0
    for score in np.unique(scores)[::-1]:
        here = scores == score
        found.append((n, int(here.sum()), int(clicked[here].sum())))
        n += found[-1][1]
    return found


def _gain(clicked: np.ndarray, scores: np.ndarray, k: int) -> float:
    discounts = 1 / np.log2(np.arange(len(scores)) + 2)
    discounts[k:] = 0
    return sum(
        clicks / n * discounts[at : at + n].sum() for at, n, clicks in _groups(clicked, scores)
    )


def _reciprocal_rank(clicked: np.ndarray, scores: np.ndarray) -> float:
    """One by the place of the first clicked item, its mean over all orders of equal scores."""
    at, n, clicks = next(group for group in _groups(clicked, scores) if group[2])
    mean, none_before = 0.0, 1.0  # chance that no place before is a clicked one's
    for place in range(n - clicks + 1):
        chance = none_before * clicks / (n - place)
        mean += chance / (at + place + 1)
        none_before -= chance
    return mean
