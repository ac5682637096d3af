"""The plan: given steps are kept, a budget of minutes ends on time, worsening ends early."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen.config import TrainConfig
from prompt_gen.training.plan import MIN_STEPS, Plan
from prompt_gen.training.recipe import choose

ROW = 256


def plan_of(n_epoch_tokens: float = 1e12, **settings: float) -> Plan:
    config = TrainConfig.model_validate(settings)
    return Plan.of(config, choose(config, "cpu", 0), ROW, n_epoch_tokens)


def share(plan: Plan, step: int, elapsed_s: float) -> float:
    return plan.share_done(step, step * 1024, elapsed_s)


@given(st.integers(1, 1000), st.floats(0, 1e6))
def test_given_steps_are_made(n_steps: int, elapsed_s: float) -> None:
    plan = plan_of(steps=n_steps)
    assert share(plan, n_steps - 1, elapsed_s) < 1
    assert share(plan, n_steps, elapsed_s) == 1
    assert plan.shortened(elapsed_s) == plan


@settings(deadline=None)
@given(st.floats(0.1, 5), st.floats(0.5, 10), st.floats(0.2, 5))
def test_a_budget_ends_on_time_whatever_the_pace(
    seconds: float, minutes: float, change: float
) -> None:
    plan, step, elapsed = plan_of(minutes=minutes), 0, 0.0
    while share(plan, step, elapsed) < 1:
        rate = plan.rate(step, share(plan, step, elapsed))
        elapsed += seconds if elapsed < minutes * 30 else seconds * change
        step += 1
    late = elapsed - minutes * 60
    assert step >= MIN_STEPS
    assert late <= max(seconds, seconds * change) or step == MIN_STEPS
    assert rate < 1


@pytest.mark.parametrize("minutes", [0.0001, 1e-9])
def test_the_shortest_run_makes_some_steps(minutes: float) -> None:
    plan = plan_of(minutes=minutes)
    assert share(plan, MIN_STEPS - 1, 100.0) < 1
    assert share(plan, MIN_STEPS, 100.0) == 1


def test_worsening_turns_early_and_keeps_the_usual_share() -> None:
    plan = plan_of(minutes=10, decay=0.5)
    turned = plan.shortened(60.0)
    assert turned.budget_s == 120.0
    assert turned.rate(500, share(turned, 500, 60.0)) == 1.0
    assert turned.rate(500, share(turned, 500, 61.0)) < 1.0
    assert turned.shortened(100.0) == turned  # it never gets longer


def test_a_small_text_is_not_repeated_for_ever() -> None:
    plan = plan_of(20 * 1024, minutes=10, max_epochs=6, decay=0.5)
    assert share(plan, 119, 1.0) < 1
    assert share(plan, 120, 1.0) == 1
    assert plan.rate(59, share(plan, 59, 1.0)) == 1.0 > plan.rate(90, share(plan, 90, 1.0))
    given = plan_of(20 * 1024, steps=500, max_epochs=6)
    assert share(given, 250, 1.0) == 0.5


def test_a_plan_survives_json() -> None:
    plan = plan_of(steps=50)
    assert Plan(**plan.as_json()) == plan


@given(st.integers(64, 4096), st.floats(1, 16))
def test_a_batch_grows_to_its_last_size(batch_tokens: int, growth: float) -> None:
    plan = plan_of(batch_tokens=batch_tokens, batch_growth=growth)
    rows = [plan.rows(i / 20) for i in range(21)]
    assert rows == sorted(rows)
    assert rows[0] == -(-batch_tokens // ROW)
    assert rows[-1] == round(rows[0] * growth)
