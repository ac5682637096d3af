"""The picture is one file that is well-formed, holds every candidate, and loads nothing."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser

from prompt_gen.engine.trie import Trie
from prompt_gen.explain.branches import read_nodes
from prompt_gen.explain.explanation import Explanation, explained
from prompt_gen.explain.svg import drawn
from tests.explain.trees import BOTH, CHOSEN, grown, listed

SVG = "{http://www.w3.org/2000/svg}"
TYPED = "高血压<&>\x00要注意"


@pytest.fixture
def two_keys() -> list[Explanation]:
    """Two keys: all that is known of the second was read for the first."""
    trie = Trie()
    first = grown(trie, BOTH)
    known = read_nodes(first)
    second = explained(grown(trie, BOTH), f"{TYPED}&", "&", listed(f"{TYPED}&", *CHOSEN), 0, known)
    return [explained(first, TYPED, "", listed(TYPED, *CHOSEN), 3), second]


def texts(svg: str) -> list[str]:
    return ["".join(each.itertext()) for each in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_it_is_well_formed_and_has_nothing_that_acts_or_loads(
    two_keys: list[Explanation],
) -> None:
    root = ElementTree.fromstring(svg := drawn(two_keys))
    assert root.tag == f"{SVG}svg"
    assert {each.tag.removeprefix(SVG) for each in root.iter()} == {
        "svg", "title", "style", "rect", "text", "tspan", "path", "line", "circle",
    }  # fmt: skip
    assert not re.search(r"href|url\(|@import|<script|\son\w+=", svg)
    assert "prefers-color-scheme: dark" in svg
    assert "Noto Sans CJK SC" in svg


def test_every_candidate_is_there_with_its_rank_and_what_it_saves(
    two_keys: list[Explanation],
) -> None:
    for found in (two_keys[:1], two_keys):
        shown = texts(drawn(found))
        for each in found[-1].shown:
            assert shown.count(each.candidate.completion) >= len(found)
            saves = [text for text in shown if text.startswith(f"+{each.gain:.2f} keys")]
            assert len(saves) == len(found)
            assert shown.count(str(each.rank)) == len(found) + (each.rank == 1)  # the legend's


def test_a_list_that_is_not_from_the_tree_is_there_too(two_keys: list[Explanation]) -> None:
    alone = tuple(replace(each, gain=None) for each in two_keys[0].shown)
    found = explained(grown(Trie(), BOTH), TYPED, "", alone, 0)
    shown = texts(drawn([found]))
    for each in alone:
        assert each.candidate.completion in shown


def test_what_was_known_looks_different(two_keys: list[Explanation]) -> None:
    before, after = (drawn([each]) for each in two_keys)
    assert 'class="box read' in before
    assert 'class="box known' not in before
    assert 'class="box known' in after
    assert after.count('class="box read') == 1  # the legend's


def test_a_caret_with_nothing_behind_it() -> None:
    ElementTree.fromstring(drawn([explained(grown(Trie(), {}), "高", "", (), 0)]))


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_is_within_the_picture_and_beside_the_others(
    two_keys: list[Explanation], browser: Browser, scheme: str
) -> None:
    page = browser.new_page(color_scheme=scheme)
    page.set_content(f"<body style='margin:0'>{drawn(two_keys)}</body>")
    width, *boxes = page.evaluate(
        """() => [document.querySelector('svg').getBoundingClientRect().width,
            ...[...document.querySelectorAll('text')].map(t => {
                const box = t.getBoundingClientRect();
                return [t.textContent, box.left, box.right, box.top, box.bottom];
            })]"""
    )
    page.close()
    assert len(boxes) > 40
    assert not [text for text, left, right, *_ in boxes if left < 0 or right > width]
    for at, (text, left, right, top, bottom) in enumerate(boxes):
        for other, left_2, right_2, top_2, bottom_2 in boxes[at + 1 :]:
            across = min(right, right_2) - max(left, left_2)
            down = min(bottom, bottom_2) - max(top, top_2)
            assert across <= 0 or down <= 5, (text, other)
