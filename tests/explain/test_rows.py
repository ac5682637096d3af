"""An explanation as text, beside the one that is kept in tree.txt."""

import re
from pathlib import Path

import pytest
from rich.cells import cell_len

from prompt_gen.engine.trie import Trie
from prompt_gen.explain.explanation import explained
from prompt_gen.explain.labels import seen
from prompt_gen.explain.rows import written
from tests.explain.trees import BOTH, CHOSEN, grown, listed

GOLDEN = Path(__file__).with_name("tree.txt")
TYPED = "高血压 要注意"


def rows(typed: str = TYPED, least: float = 0.01, most: int = 8) -> list[str]:
    tree = grown(Trie(), BOTH)
    return written(explained(tree, typed, "", listed(typed, *CHOSEN), 3), least, most)


def test_the_text_is_the_one_that_was_looked_at() -> None:
    assert rows() == GOLDEN.read_text("utf-8").splitlines()


@pytest.mark.parametrize("most", [1, 2, 8])
def test_chinese_and_english_stand_in_the_same_columns(most: int) -> None:
    tree = rows(most=most)[1:]
    tree = tree[: tree.index("")]
    ends = {cell_len(row[: row.index("%")]) for row in tree}
    assert len(ends) == 1


def test_shares_that_are_shown_add_up() -> None:
    tree = rows()[1:]
    top = [row for row in tree[: tree.index("")] if row[0] in "├└"]
    shares = [float(re.findall(r"([\d.]+) %", row)[0]) for row in top]
    assert sum(shares) == pytest.approx(100, abs=0.05 * len(shares))


def test_what_cannot_be_seen_does_not_reach_the_terminal() -> None:
    assert not [row for row in rows("高\x1b[31m\u202e") if re.search("[\x1b\u202e]", row)]


def test_spaces_at_the_ends_of_a_piece_are_seen() -> None:
    assert [seen(piece) for piece in (" D", "of the ", "  ", "高", "")] == [
        "␣D", "of the␣", "␣␣", "高", "",
    ]  # fmt: skip


def test_a_list_that_is_not_from_the_tree_says_so() -> None:
    shown = tuple(
        type(each)(each.rank, each.candidate, each.p, None) for each in listed(TYPED, *CHOSEN)
    )
    told = written(explained(grown(Trie(), BOTH), TYPED, "", shown, 0))
    assert "nothing in the tree may be shown: this is how training lines go on" in told
    assert not [row for row in told[: told.index("")] if "[1]" in row]
