"""The plan: given steps are kept, a budget of minutes ends on time, worsening ends early."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen.config import TrainConfig
from prompt_gen.training.plan import MIN_STEPS, Plan


@given(st.integers(1, 1000), st.floats(0, 1e6))
def test_given_steps_are_made(n_steps: int, elapsed_s: float) -> None:
    plan = Plan.of(TrainConfig(steps=n_steps), 1e6)
    assert plan.share_done(n_steps - 1, elapsed_s) < 1
    assert plan.share_done(n_steps, elapsed_s) == 1
    assert plan.shortened(elapsed_s) == plan


@settings(deadline=None)
@given(st.floats(0.1, 5), st.floats(0.5, 10), st.floats(0.2, 5))
def test_a_budget_ends_on_time_whatever_the_pace(
    seconds: float, minutes: float, change: float
) -> None:
    plan, step, elapsed = Plan.of(TrainConfig(minutes=minutes), 1e6), 0, 0.0
    while plan.share_done(step, elapsed) < 1:
        rate = plan.rate(step, elapsed)
        elapsed += seconds if elapsed < minutes * 30 else seconds * change
        step += 1
    late = elapsed - minutes * 60
    assert step >= MIN_STEPS
    assert late <= max(seconds, seconds * change) or step == MIN_STEPS
    assert rate < 1


@pytest.mark.parametrize("minutes", [0.0001, 1e-9])
def test_the_shortest_run_makes_some_steps(minutes: float) -> None:
    plan = Plan.of(TrainConfig(minutes=minutes), 1e6)
    assert plan.share_done(MIN_STEPS - 1, 100.0) < 1
    assert plan.share_done(MIN_STEPS, 100.0) == 1


def test_worsening_turns_early_and_keeps_the_usual_share() -> None:
    plan = Plan.of(TrainConfig(minutes=10, decay=0.5), 1e6)
    turned = plan.shortened(60.0)
    assert turned.budget_s == 120.0
    assert turned.rate(500, 60.0) == 1.0
    assert turned.rate(500, 61.0) < 1.0
    assert turned.shortened(100.0) == turned  # it never gets longer


def test_a_small_text_is_not_repeated_for_ever() -> None:
    plan = Plan.of(TrainConfig(minutes=10, max_epochs=6, decay=0.5), steps_per_epoch=20)
    assert plan.share_done(119, 1.0) < 1
    assert plan.share_done(120, 1.0) == 1
    assert plan.rate(59, 1.0) == 1.0 > plan.rate(90, 1.0)
    given = Plan.of(TrainConfig(steps=500, max_epochs=6), steps_per_epoch=20)
    assert given.share_done(250, 1.0) == 0.5


def test_a_plan_survives_json() -> None:
    plan = Plan.of(TrainConfig(steps=50), 10)
    assert Plan(**plan.as_json()) == plan
