"""BLEU, chrF and ROUGE: the libraries' own values, at every weight of lines."""

import sys
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from prompt_gen.evaluate import overlap
from prompt_gen.evaluate.metrics import metric
from prompt_gen.evaluate.numbers import draws
from prompt_gen.evaluate.typed import Offer, Typed
from tests.evaluate.typing_of import LINES, candidate, constant, oracle, silent, typed_of

ENGLISH = ("I need to reset my password", "The printer is out of paper again.")
MIXED = st.text("高血压患者要 ab.，。1", max_size=12)


def value(typed: Typed, name: str) -> float:
    return float(overlap.numbers(typed)[name](np.ones((1, len(typed.lines))))[0])


def offered(lines: Sequence[str], completions: Sequence[Sequence[str]]) -> Typed:
    """Lines with given first candidates behind each beginning; an empty one is not offered."""
    offers = [
        [Offer((candidate(line[: j + 1], text),) if text else (), 1.0, 1) for j, text in pairs]
        for line, texts in zip(lines, completions, strict=True)
        for pairs in [list(enumerate(texts))]
    ]
    return Typed(lines, offers, 24, 5)


@st.composite
def typings(draw: st.DrawFn) -> Typed:
    """Lines of any text, right and wrong candidates, and silence."""
    lines = draw(st.lists(MIXED.filter(lambda line: len(line) > 1), min_size=1, max_size=5))
    right = [[line[j:] for j in range(1, len(line))] for line in lines]
    wrong = [[draw(MIXED | st.just(text)) for text in row] for row in right]
    return offered(lines, wrong)


def corpus(typed: Typed, lines: Sequence[int]) -> tuple[list[str], list[str]]:
    """Candidates and targets of the lines, a line as often as it is named."""
    of_line = [(pair.line, pair) for pair in overlap.pairs(typed)]
    found = [pair for line in lines for at, pair in of_line if at == line]
    return [pair.offered for pair in found], [pair.target for pair in found]


def close(ours: float, theirs: float) -> bool:
    return ours == pytest.approx(theirs, abs=1e-9)


@given(typings(), st.integers(0, 99))
@settings(deadline=None)
def test_bleu_and_chrf_are_sacrebleus_of_the_same_corpus(typed: Typed, seed: int) -> None:
    ours = overlap.numbers(typed)
    weights_RN = draws(len(typed.lines), 3, seed)
    for at, weights_N in enumerate(weights_RN.astype(int)):
        drawn = np.repeat(np.arange(len(typed.lines)), weights_N).tolist()
        hypotheses, targets = corpus(typed, drawn)
        if not any(target.strip() for target in targets):
            continue
        bleu = overlap.bleu_metric(typed).corpus_score(hypotheses, [targets]).score
        assert close(ours["bleu"](weights_RN)[at], bleu)
        chrf = CHRF().corpus_score(hypotheses, [targets]).score
        assert close(ours["chrf"](weights_RN)[at], chrf)


def test_rouge_is_the_mean_of_the_librarys() -> None:
    typed = typed_of(LINES, constant("要注意休息，多喝水"))
    for suffix, tokenizer in (("chars", overlap.Characters()), ("words", overlap.Words())):
        for kind in ("rouge1", "rouge2", "rougeL"):
            scorer = RougeScorer([kind], tokenizer=tokenizer)
            scores = [
                scorer.score(pair.target, pair.offered)[kind].fmeasure
                for pair in overlap.pairs(typed)
            ]
            assert close(value(typed, f"{kind}_{suffix}"), float(np.mean(scores)))
            assert 0 < float(np.mean(scores)) < 1


def test_of_a_long_line_ten_beginnings_are_compared() -> None:
    long, short = "高" * 200, "高血"
    found = overlap.pairs(typed_of([long, short], silent))
    assert [pair.line for pair in found] == [0] * 10 + [1]
    assert len(found[0].target) == 24
    assert len(found[9].target) == 1  # from the first key to the last


def test_an_oracle_is_perfect() -> None:
    typed = typed_of(LINES, oracle(LINES))
    for name in ("bleu", "chrf"):
        assert close(value(typed, name), 100)
    for name in ("rouge1_chars", "rougeL_chars", "rouge1_words", "rougeL_words"):
        assert close(value(typed, name), 1)
    several_C = np.array([len(pair.target) > 1 for pair in overlap.pairs(typed)])
    assert close(value(typed, "rouge2_chars"), float(several_C.mean()))


def test_silence_and_wrong_words_overlap_with_nothing() -> None:
    for complete in (silent, constant("xyzw")):
        typed = typed_of(LINES, complete)
        assert {value(typed, name) for name in overlap.NEEDS} == {0.0}


def test_a_constant_overlaps_as_counted_by_hand() -> None:
    typed = typed_of(["ab"], constant("bc"))  # one pair: "bc" for "b"
    assert value(typed, "rouge1_chars") == pytest.approx(2 * 1 * 0.5 / 1.5)
    assert value(typed, "rouge2_chars") == 0
    # unigrams alone: precision 1/2, recall 1, and F2 weighs recall four times
    assert value(typed, "chrf") == pytest.approx(100 * 5 * 0.5 / (4 * 0.5 + 1))


def test_half_of_the_lines_learnt_by_heart() -> None:
    heard = typed_of(LINES[:2], oracle(LINES))
    lines = [LINES[0], LINES[1], LINES[2]]
    typed = typed_of(lines, lambda t: oracle(LINES)(t) if t[0] != LINES[2][0] else [])
    n_known, n_all = len(overlap.pairs(heard)), len(overlap.pairs(typed))
    assert value(typed, "rouge1_chars") == pytest.approx(n_known / n_all)


@pytest.mark.parametrize(
    ("lines", "tokenizer"), [(LINES, "zh"), (ENGLISH, "13a"), ((*LINES, "ok then"), "zh")]
)
def test_the_signature_names_the_tokenizer_of_the_script(
    lines: tuple[str, ...], tokenizer: str
) -> None:
    typed = typed_of(lines, silent)
    facts = overlap.facts(typed)
    metric = BLEU(tokenize=tokenizer)
    metric.corpus_score(["a"], [["a"]])
    assert facts["bleu"] == str(metric.get_signature())
    assert facts["chrf"].startswith("nrefs:1|")
    assert facts["rouge"].startswith("rouge-score ")


def test_words_are_cut_as_people_read_them() -> None:
    words = overlap.Words().tokenize("HbA1c 6.5%，don't 高血压患者。")
    assert words == ["HbA1c", "6.5", "%", "，", "don't", "高血压", "患者", "。"]


@given(st.text())
@settings(deadline=None)
def test_no_tokenizer_loses_a_character(text: str) -> None:
    for tokenizer in (overlap.Words(), overlap.Characters()):
        assert "".join("".join(tokenizer.tokenize(text)).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("module", "lost"),
    [
        ("rjieba", {"rouge1_words", "rouge2_words", "rougeL_words"}),
        ("sacrebleu", {"bleu", "chrf"}),
        ("rouge_score", {name for name in overlap.NEEDS if "rouge" in name}),
    ],
)
def test_numbers_of_a_library_that_is_missing_are_absent_with_a_reason(
    module: str, lost: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    typed = typed_of(LINES, oracle(LINES))
    assert set(overlap.NEEDS) - set(overlap.numbers(typed)) == lost
    reasons = overlap.absent(overlap.NEEDS)
    assert set(reasons) == lost
    extra = "word" if module == "rjieba" else "evaluate"
    for reason in reasons.values():
        assert f"'{module}'" in reason
        assert f"pip install 'prompt-gen[{extra}]'" in reason
    overlap.facts(typed)


@given(typings(), st.randoms())
@settings(deadline=None)
def test_the_order_of_lines_and_equal_weights_change_nothing(typed: Typed, rng) -> None:
    order = list(range(len(typed.lines)))
    rng.shuffle(order)
    turned = Typed([typed.lines[i] for i in order], [typed.offers[i] for i in order], 24, 5)
    ones_1N = np.ones((1, len(order)))
    theirs = overlap.numbers(turned)
    for name, number in overlap.numbers(typed).items():
        first = number(ones_1N)
        if name != "bleu":  # its smoothing of orders without a match depends on the corpus's size
            assert number(2 * ones_1N) == pytest.approx(first, nan_ok=True)
        assert theirs[name](ones_1N) == pytest.approx(first, nan_ok=True)


def test_all_names_are_in_the_table_and_lines_without_keys_do_no_harm() -> None:
    typed = typed_of(["忌", "口"], silent)
    ours = overlap.numbers(typed)
    assert set(ours) == set(overlap.NEEDS)
    for name, number in ours.items():
        assert metric(name).section == "overlap"
        assert np.isnan(number(np.ones((1, 2)))).all()
