"""The bundled corpus: what its grammar writes, varied, without duplicates."""

from collections import Counter

import pytest

from prompt_gen.text import normal_form
from tests.conftest import lines_of
from tools.bundled_corpus import health_lines, helpdesk_lines


@pytest.mark.parametrize(
    ("name", "write", "least"),
    [("health-zh.txt", health_lines, 3000), ("helpdesk-en.txt", helpdesk_lines, 500)],
)
def test_the_files_are_what_the_grammar_writes(name: str, write, least: int) -> None:
    lines = lines_of(name)
    assert lines == write()
    assert len({normal_form(line) for line in lines}) == len(lines) >= least


def test_no_beginning_rules_the_file() -> None:
    starts = Counter(line[:4] for line in lines_of("health-zh.txt"))
    assert starts.most_common(1)[0][1] < 0.05 * starts.total()
