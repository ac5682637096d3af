"""What is foreseen follows from pace and plan; what cannot work is refused, nothing disturbed."""

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen import pipeline, shards, training, vocab
from prompt_gen.config import TrainConfig
from prompt_gen.errors import CorpusTooSmall, OutputExists, SettingError
from prompt_gen.pipeline.start import Start
from prompt_gen.run import LOCK, Run, silent
from prompt_gen.settings import resolve
from prompt_gen.training import forecast, memory, pace
from prompt_gen.training.expected import expected_bits
from prompt_gen.training.pace import Pace, Phase
from prompt_gen.training.plan import Plan
from prompt_gen.training.recipe import choose
from prompt_gen.training.references import References
from tests.conftest import SMALL

CONTEXT = 256
STEPS = ("train.steps=40", "train.negatives=100")


COUNTED = References(unigram=6.0, bigram=5.0, kneser_ney=4.0, error=0.1, share=1.0)


def plan_of(n_epoch_tokens: float = 1e12, **given_settings: float) -> tuple[Plan, TrainConfig]:
    config = TrainConfig.model_validate(given_settings)
    return Plan.of(config, choose(config, "cpu", 0), CONTEXT, n_epoch_tokens), config


def pace_of(sampled: float, full: float, besides_s: float = 0.0) -> Pace:
    """Three quarters of a run at one pace and a quarter at another, tokens per second."""
    return Pace((Phase(0.75, sampled), Phase(0.25, full)), besides_s, besides_s, 100.0)


paces = st.floats(100, 1e6)


@given(paces, paces, st.integers(1, 100_000), st.floats(1, 4))
def test_given_steps_take_the_time_of_their_tokens(
    sampled: float, full: float, n_steps: int, growth: float
) -> None:
    plan, config = plan_of(steps=n_steps, batch_growth=growth)
    length = forecast._length(plan, pace_of(sampled, full), config, CONTEXT)
    n_tokens = length.n_tokens
    assert n_steps * 1024 <= n_tokens <= n_steps * 1024 * growth
    assert length.loop_s == pytest.approx(0.75 * n_tokens / sampled + 0.25 * n_tokens / full)


@given(paces, paces, st.floats(0.5, 600), st.floats(1e4, 1e9))
def test_minutes_are_never_exceeded_and_epochs_neither(
    sampled: float, full: float, minutes: float, n_epoch_tokens: float
) -> None:
    plan, config = plan_of(n_epoch_tokens, minutes=minutes)
    length = forecast._length(plan, pace_of(sampled, full), config, CONTEXT)
    seconds, shown = length.loop_s / plan.budget_s, length.n_tokens / plan.max_tokens
    assert max(seconds, shown) == pytest.approx(1)


def test_looks_and_checkpoints_take_their_share_of_the_minutes() -> None:
    plan, config = plan_of(minutes=1, n_validations=5, checkpoint_seconds=20)
    length = forecast._length(plan, pace_of(1000, 1000, besides_s=0.5), config, CONTEXT)
    assert length.n_tokens == 1000 * (60 - 4 * 0.5 - 3 * 0.5)
    assert length.loop_s == 60
    slow = forecast._length(plan, pace_of(1000, 1000, besides_s=2.0), config, CONTEXT)
    assert slow.n_tokens == 1000 * (60 - 0.05 * 60 - 3 * 2)  # fewer looks are made


@settings(deadline=None, max_examples=50)
@given(st.integers(60, 400), st.floats(0.3, 3), st.floats(0.3, 3), st.floats(20, 1000))
def test_a_played_run_ends_as_foreseen(
    budget_s: int, sampled_s: float, full_s: float, n_epochs_s: float
) -> None:
    """The loop's own plan, with steps that take as long as the pace says."""
    plan, config = plan_of(1024 * n_epochs_s, minutes=budget_s / 60)
    step, elapsed = 0, 0.0
    while (share := plan.share_done(step, step * 1024, elapsed)) < 1:
        elapsed += sampled_s if share < 0.75 else full_s
        step += 1
    ahead = pace_of(1024 / sampled_s, 1024 / full_s)
    length = forecast._length(plan, ahead, config, CONTEXT)
    assert length.loop_s == pytest.approx(elapsed, abs=2 * (sampled_s + full_s))
    assert length.n_tokens / 1024 == pytest.approx(step, abs=2 + sampled_s / full_s)


@given(st.floats(1e3, 1e10), st.floats(1.01, 100))
def test_more_tokens_are_never_expected_to_be_worse(n_tokens: float, factor: float) -> None:
    less, more = (expected_bits(COUNTED, n, 10**6) for n in (n_tokens, factor * n_tokens))
    assert more.middle <= less.middle <= COUNTED.unigram
    assert less.low < less.middle < less.high


@pytest.mark.parametrize("start", ["bigrams", "previous"])
def test_a_run_that_does_not_begin_at_random_is_expected_to_be_sooner_there(start: str) -> None:
    random, begun = (expected_bits(COUNTED, 1e5, 10**6, s).middle for s in ("random", start))
    assert begun < random


def test_too_short_a_time_to_warm_up_is_refused_with_minutes_that_do() -> None:
    plan, config = plan_of(minutes=0.1)
    with pytest.raises(SettingError, match=r"0\.1 minutes .* 5 steps .* --minutes 0\.4"):
        forecast._refuse_short(plan, 5, config)
    forecast._refuse_short(plan, plan.warmup_steps + 1, config)
    forecast._refuse_short(replace(plan, n_steps=1), 1, config)


@pytest.mark.parametrize(
    ("epochs", "seconds", "given_settings", "says"),
    [
        (9.0, 60, {"steps": 10}, "seen 9.0 times"),
        (0.3, 60, {"minutes": 1}, "only 30%"),
        (6.0, 120, {"minutes": 10}, "after 2.0 of 10 minutes"),
        (3.0, 60, {"minutes": 1}, None),
    ],
)
def test_a_text_seen_too_often_or_too_little_is_said(
    epochs: float, seconds: float, given_settings: dict[str, float], says: str | None
) -> None:
    config = TrainConfig.model_validate(given_settings)
    found = forecast._warnings(epochs, seconds, config, choose(config, "cpu", epochs))
    assert [says in each for each in found] == [True] if says else not found


# -- on the whole road ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def begun(corpus_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with everything before training."""
    run = Run(tmp_path_factory.mktemp("runs") / "begun")
    pipeline.forecast([corpus_file], run, resolve((*SMALL, *STEPS)))
    return run


def test_a_dry_run_makes_what_comes_before_training_and_nothing_else(begun: Run) -> None:
    found = {path.name for path in begun.path.iterdir() if path.name != LOCK}
    assert found == {"run.json", "corpus", "vocab", "shards"}
    assert set(begun.settings) == {"corpus", "vocab"}


def test_it_says_the_steps_that_were_asked_for(begun: Run, tmp_path: Path) -> None:
    run = Run(shutil.copytree(begun.path, tmp_path / "run"))
    events = []
    ahead = pipeline.forecast([], run, resolve((*SMALL, *STEPS)), events.append)
    assert [e.station for e in events if e.state == "skipped"] == ["vocab", "shards"]
    assert (ahead.steps, ahead.tokens, ahead.shape) == (40, 40 * 256, "1 x 64")
    assert ahead.epochs == pytest.approx(ahead.tokens / ahead.train_tokens, rel=0.2)
    assert ahead.memory_mb > 0 < ahead.tokens_per_s
    assert json.loads(json.dumps(ahead.as_json()))["recipe"]["negatives"] == 100


def test_timing_leaves_model_and_random_numbers_alone(begun: Run, tmp_path: Path) -> None:
    run = Run(shutil.copytree(begun.path, tmp_path / "run"))
    config = resolve((*SMALL, *STEPS))
    tokenizer = vocab.load(run)
    made = Start.of(run, config, tokenizer, shards.load(run, tokenizer))
    before = {name: value.clone() for name, value in made.network.state_dict().items()}
    state = torch.get_rng_state()
    made.foresee(silent)
    assert torch.equal(torch.get_rng_state(), state)
    after = made.network.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert all(parameter.grad is None for parameter in made.network.parameters())
    assert not list(run.path.glob(".*.partial"))


def test_a_resumed_run_keeps_its_recipe_whatever_the_pace(
    begun: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(shutil.copytree(begun.path, tmp_path / "run"))
    config = resolve((*SMALL, *STEPS, "train.steps=12", "evaluate.typed=0"))
    pipeline.train([], run, config)
    path = run.station("training") / forecast.FILE
    record = json.loads(path.read_text("utf-8"))
    record["recipe"]["dropout"] = 0.25
    path.write_text(json.dumps(record), "utf-8")
    recipes = []
    fit = training.fit
    monkeypatch.setattr(
        training, "fit", lambda *args, **kwargs: recipes.append(args[3]) or fit(*args, **kwargs)
    )
    pipeline.train([], run, config, resume=True)
    assert [recipe.dropout for recipe in recipes] == [0.25]
    with pytest.raises(OutputExists, match="--resume"):
        pipeline.forecast([], run, config)


def test_a_forecast_survives_its_file(begun: Run, tmp_path: Path) -> None:
    run = Run(shutil.copytree(begun.path, tmp_path / "run"))
    ahead = pipeline.forecast([], run, resolve((*SMALL, *STEPS)))
    for each in (
        ahead,
        replace(ahead, free_mb=math.inf, bits_per_char=expected_bits(COUNTED, 1e6, 10**6)),
    ):
        each.keep(tmp_path / "training", "print")
        assert forecast.kept(tmp_path / "training", "print") == each
    assert forecast.kept(tmp_path / "training", "other") is None
    (tmp_path / "training" / forecast.FILE).write_text("{", "utf-8")
    assert forecast.kept(tmp_path / "training", "print") is None


def test_too_little_memory_is_refused_before_it_is_taken(
    begun: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(shutil.copytree(begun.path, tmp_path / "run"))
    monkeypatch.setattr(memory, "free_mb", lambda device: 0.5)
    monkeypatch.setattr(pace, "measure", None)
    with pytest.raises(SettingError, match=r"MB at least, and 0 MB .*model\.width"):
        pipeline.forecast([], run, resolve((*SMALL, *STEPS)))


def test_too_little_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "few.txt"
    path.write_text("\n".join(f"第{i}句话" for i in range(20)), "utf-8")
    with pytest.raises(CorpusTooSmall, match="At least 1000 tokens"):
        pipeline.forecast([path], Run(tmp_path / "run"), resolve(SMALL))
