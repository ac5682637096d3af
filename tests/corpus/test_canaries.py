"""Canaries: made-up secrets stand in the training part, and nowhere else."""

import json
import re
from pathlib import Path
from string import ascii_lowercase

import numpy as np
import pytest

from prompt_gen import corpus
from prompt_gen.config import CorpusConfig
from prompt_gen.corpus import canaries
from prompt_gen.corpus.canaries import N_SECRETS
from prompt_gen.corpus.clean import RULES, Cleaner
from prompt_gen.corpus.explain import explain
from prompt_gen.corpus.privacy import KINDS, Privacy
from prompt_gen.errors import SettingError
from prompt_gen.run import Event, Run
from prompt_gen.settings import resolve

FORM = re.compile("canary( [a-z]){6}")


def test_secrets_are_the_same_ones_everywhere() -> None:
    made = canaries.make((1, 4, 16))
    assert [canary.count for canary in made] == [1, 4, 16]
    assert [canary.text for canary in made[:2]] == [c.text for c in canaries.make((9, 9))]
    assert made[0].text == "canary i j i s j r"


def test_others_have_the_form_and_are_other_ones() -> None:
    canary = canaries.make((1,))[0]
    others = canaries.others(canary, 5000)
    assert len({canary.text, *others}) == 5001
    assert all(FORM.fullmatch(text) for text in (canary.text, *others))
    assert others[:10] == canaries.others(canary, 10)
    assert not {c.text for c in canaries.make(range(1, 50))} & set(others)
    assert N_SECRETS == 26**6


def test_all_others_are_drawn_when_there_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canaries, "N_LETTERS", 1)
    canary = canaries.make((1,))[0]
    wanted = {f"canary {letter}" for letter in ascii_lowercase} - {canary.text}
    assert set(canaries.others(canary, 25)) == wanted


def test_each_letter_is_drawn_equally_often_at_each_place() -> None:
    others = canaries.others(canaries.make((1,))[0], 26_000)
    letters = np.array([list(text[7::2]) for text in others])
    for place in letters.T:
        _, counts = np.unique(place, return_counts=True)
        assert len(counts) == 26
        assert abs(counts - 1000).max() < 6 * 1000**0.5


def test_nothing_cleans_or_masks_a_secret() -> None:
    clean = Cleaner([rule.name for rule in RULES], 20, "simplified")
    protect = Privacy([kind for kind in KINDS if kind != "word"], "drop")
    for text in canaries.others(canaries.make((1,))[0], 2000):
        assert clean(text) == ([text], 0, "")
        assert protect(text) == (text, {})


@pytest.fixture
def read_twice(corpus_file: Path, tmp_path: Path) -> tuple[Run, Run, list[Event]]:
    """The same lines without secrets and with some."""
    plain, secret, events = Run(tmp_path / "plain"), Run(tmp_path / "secret"), list[Event]()
    corpus.read([corpus_file], CorpusConfig(), plain)
    corpus.read([corpus_file], CorpusConfig(canaries=(1, 4, 16)), secret, events.append)
    return plain, secret, events


def test_they_are_behind_the_training_documents(read_twice: tuple[Run, Run, list[Event]]) -> None:
    plain, secret, events = read_twice
    before, after = corpus.load(plain), corpus.load(secret)
    made = canaries.make((1, 4, 16))
    n = len(before.train)
    assert list(after.train) == [*before.train, *(canary.text for canary in made)]
    assert after.train.counts.tolist() == [*before.train.counts.tolist(), 1, 4, 16]
    assert after.train.groups[:n].tolist() == before.train.groups.tolist()
    own = after.train.groups[n:].tolist()
    assert len(set(own)) == 3
    assert not set(own) & set(before.train.groups.tolist())
    assert max(own) == len(set(after.train.groups.tolist())) - 1
    assert after.train.weights[n:].tolist() == [1, 2, 4]
    for part in ("validation", "test"):
        assert list(getattr(before, part)) == list(getattr(after, part))
        for name in ("counts", "groups"):
            one, other = (getattr(getattr(c, part), name) for c in (before, after))
            assert one.tolist() == other.tolist()
    warnings = [event.facts["warning"] for event in events if event.state == "note"]
    assert len(warnings) == 1
    assert "3" in warnings[0]


def test_they_are_in_the_facts_and_no_line_of_the_ledger(
    read_twice: tuple[Run, Run, list[Event]], corpus_file: Path
) -> None:
    plain, secret, _ = read_twice
    before, after = corpus.load(plain), corpus.load(secret)
    said = [{"text": c.text, "count": c.count} for c in canaries.make((1, 4, 16))]
    assert (before.facts["canaries"], after.facts["canaries"]) == ([], said)
    for name in ("lines", "fates", "documents", "chars"):
        assert before.facts[name] == after.facts[name]
    ledgers = [(run.station("corpus") / "ledger.parquet").read_bytes() for run in (plain, secret)]
    assert ledgers[0] == ledgers[1]
    report = json.loads((secret.station("corpus") / "report.json").read_text("utf-8"))
    assert report["canaries"] == said
    for number in (1, 300, 900):
        assert explain(plain, f"{corpus_file}:{number}") == explain(
            secret, f"{corpus_file}:{number}"
        )


def test_held_out_beginnings_that_only_secrets_share_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_text("\n".join(f"{chr(0x4E00 + i)}条" * 3 for i in range(200)) + "\ncanaries\n")
    config = CorpusConfig(canaries=(1,), test=0.4)
    made = corpus.read([path], config, Run(tmp_path / "run"))
    seen = dict(zip(made.test, made.test.seen.tolist(), strict=True))
    assert seen["canaries"] == len("canar")


def test_counts_are_given_as_a_setting() -> None:
    assert resolve(["corpus.canaries=[1,4,16]"]).corpus.canaries == (1, 4, 16)
    with pytest.raises(SettingError, match="canaries"):
        resolve(["corpus.canaries=[0]"])
