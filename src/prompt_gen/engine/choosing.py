"""Which continuations to show: the list that saves the reader of it the most keys.

Somebody who means to write x and reads candidates c_0, c_1, ... takes the one that saves most:

    saved(x) = max(0, max_r right(x, c_r) - 1 - r - cut(x, c_r))

`right` is the number of characters that both begin with, 1 + r is what taking rank r costs, and
`cut` is one key more if the candidate goes on wrongly. The tree knows how probable each x is, so
the expectation is a sum over the places where texts part. The list is chosen greedily, rank by
rank. Were every rank as dear as the last one, the expectation would be a submodular function of the
set that is shown: so the list saves at least 1 - 1/e of what any list would at that price, but for
what is left out because it is nested.
Sources: Trnka and McCoy 2008, "Evaluating word prediction: framing keystroke savings", for such a
user; Nemhauser, Wolsey and Fisher 1978 for the bound; Johnson et al. 2023, "R-U-SURE? Uncertainty-
aware code suggestions by maximizing utility across random user intents", for the idea.

M different beginnings of what may follow, E of them that a candidate may end with, D characters
"""

from collections.abc import Callable

import numpy as np

from prompt_gen.engine.candidates import CLAUSE_ENDS, Stop, family, whole_part
from prompt_gen.engine.line import Chosen
from prompt_gen.engine.tree import Tree
from prompt_gen.text import SENTENCE_ENDS, is_cjk

_ENDS = 40  # candidates that are compared; those that save most by themselves
_SEEN = 1e-4  # probability of parting somewhere that is counted
_LINE_END = 0.1  # share of a beginning's probability from which on its line's end is a candidate
_NO_LETTER = 0x110000


class Beginnings:
    """How probable every beginning of what follows is, character by character."""

    def __init__(self, tree: Tree) -> None:
        self.texts: list[str] = [""]
        self.parents: list[int] = [-1]
        self.p: list[float] = [1.0]
        self.reasons: dict[int, str] = {}  # of beginnings that a candidate may end with
        self._rows = {"": 0}
        for place in tree.roots:
            if place.text:
                self._add("", place.text, place.p)
        leaves = {place.text: place.end or "open" for place in tree.roots if place.text}
        for opened in tree.opened:
            for place in opened.behind:
                self._add(opened.place.text, place.text, place.p)
                leaves[place.text] = place.end or "open"
        for opened in tree.opened:  # however little probable other ways to its text are
            if leaves.get(opened.place.text) == "open":
                del leaves[opened.place.text]
        self._ends(tree, leaves)

    def _add(self, start: str, text: str, p: float) -> None:
        """Count a place: every beginning of its text that its parent has not counted."""
        parent = self._rows[start]
        for end in range(len(start) + 1, len(text) + 1):
            beginning = text[:end]
            row = self._rows.get(beginning)
            if row is None:
                row = self._rows[beginning] = len(self.texts)
                self.texts.append(beginning)
                self.parents.append(parent)
                self.p.append(p)
            else:
                self.p[row] += p
            parent = row

    def _ends(self, tree: Tree, leaves: dict[str, str]) -> None:
        """Note where a candidate may end: clauses, sentences, the text, and what is not known."""
        for text, reason in leaves.items():
            is_whole = not text or reason == "sentence" or is_cjk(text[-1])
            whole = text if is_whole else whole_part(text)
            if whole:
                self.reasons[self._rows[whole]] = reason
        for row, text in enumerate(self.texts):
            if text and text[-1] in CLAUSE_ENDS:
                self.reasons[row] = "sentence" if text[-1] in SENTENCE_ENDS else "clause"
        for opened in tree.opened:
            row = self._rows[opened.place.text]
            if row and opened.p_end >= _LINE_END * self.p[row]:
                self.reasons.setdefault(row, "eos")

    def parting(self) -> np.ndarray:
        """The probability that the text is no longer one of these behind each beginning, [M]."""
        p_M = np.array(self.p)
        return p_M - np.bincount(self.parents[1:], p_M[1:], len(p_M))

    def clauses(self, text: str) -> tuple[tuple[int, float], ...]:
        """Where clauses end within a beginning, in characters, and how probable that much is."""
        ends = (end for end in range(1, len(text)) if text[end - 1] in CLAUSE_ENDS)
        return tuple((end, self.p[self._rows[text[:end]]]) for end in ends)


def choose(
    tree: Tree, n: int, allowed: Callable[[Stop], bool] | None = None, least: float = 0.0
) -> list[Chosen]:
    """Up to n different continuations of at least so much probability, in the order they are shown.

    Of those that differ in their final marks only, one is shown, and behind a longer one not its
    beginning.
    """
    known = Beginnings(tree)
    rows = _by_themselves(known, least)
    if not rows:
        return []
    right_EM, p_M = _right(known, rows)
    is_cut_EM = right_EM < np.array([[len(known.texts[row])] for row in rows])
    first_EM = right_EM - (1.0 + is_cut_EM)  # what each saves if it is shown first
    saved_M, chosen = np.zeros(len(p_M)), list[Chosen]()
    taken: list[str] = []
    is_left_E = np.ones(len(rows), bool)
    while is_left_E.any() and len(chosen) < n:
        gains_E = np.maximum(first_EM - len(chosen) - saved_M, 0) @ p_M
        at = int(np.where(is_left_E, gains_E, -1).argmax())  # of equals the better one alone
        is_left_E[at] = False
        text = known.texts[rows[at]]
        stop = Stop(text, known.reasons[rows[at]])
        if _says_less(family(text), taken) or not text.strip() or (allowed and not allowed(stop)):
            continue
        taken.append(family(text))
        saved_M = np.maximum(first_EM[at] - len(chosen), saved_M)
        p = min(1.0, known.p[rows[at]])
        chosen.append(Chosen(stop, p, float(gains_E[at]), known.clauses(text)))
    return chosen


def _says_less(text: str, others: list[str]) -> bool:
    """Whether a text only begins one of the others: that hardly saves a key more."""
    return text in others or any(other.startswith(text) for other in others if text)


def next_characters(tree: Tree, least: float) -> list[str]:
    """The characters that are likely to be typed next, the most probable first."""
    known = Beginnings(tree)
    found = [(p, text) for p, text in zip(known.p, known.texts, strict=True) if len(text) == 1]
    return [text for p, text in sorted(found, reverse=True) if p >= least]


def _by_themselves(known: Beginnings, least: float) -> list[int]:
    """Rows that a candidate may end with, those first that would save most if shown alone."""
    total, first = [0.0], [1.0]
    for row in range(1, len(known.texts)):
        parent = known.parents[row]
        total.append(total[parent] + known.p[row])
        first.append(known.p[row] if parent == 0 else first[parent])
    # Right characters, less a key to take it, less one to cut it off where it was wrong.
    saved = {
        row: total[row] - 2 * first[row] + known.p[row]
        for row in known.reasons
        if known.p[row] >= least
    }
    return sorted(saved, key=lambda row: -saved[row])[:_ENDS]


def _right(known: Beginnings, rows: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Characters that candidates have in common with every text [E, M], and its probability [M]."""
    parting_M = known.parting()
    seen_M = np.flatnonzero(parting_M > _SEEN)
    width = max(map(len, known.texts)) + 1
    texts_MD = _letters([known.texts[row] for row in seen_M.tolist()], width)
    ends_ED = _letters([known.texts[row] for row in rows], width)
    ends_ED[ends_ED == 0] = _NO_LETTER  # so that they part where one of them ends
    return (ends_ED[:, None] != texts_MD[None]).argmax(axis=2), parting_M[seen_M]


def _letters(texts: list[str], width: int) -> np.ndarray:
    return np.array(texts, f"U{width}").view(np.uint32).reshape(len(texts), width)
