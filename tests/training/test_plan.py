"""The plan: given steps are kept, a budget of minutes ends on time, worsening ends early."""

from hypothesis import given
from hypothesis import strategies as st

from prompt_gen.config import TrainConfig
from prompt_gen.training.plan import MIN_STEPS, Plan


@given(st.integers(1, 1000))
def test_given_steps_are_made(n_steps: int) -> None:
    plan = Plan.of(TrainConfig(steps=n_steps))
    assert not plan.is_over(n_steps - 1)
    assert plan.is_over(n_steps)
    assert plan.adjusted(n_steps // 2, 1e9, worsening=True) == plan


@given(st.floats(0.01, 5), st.floats(0.5, 10))
def test_a_budget_ends_on_time(seconds_per_step: float, minutes: float) -> None:
    plan, step, elapsed = Plan.of(TrainConfig(minutes=minutes)), 0, 0.0
    while not plan.is_over(step):
        step, elapsed = step + 1, elapsed + seconds_per_step
        plan = plan.adjusted(step, elapsed, worsening=False)
    overrun = elapsed - minutes * 60
    assert abs(overrun) <= seconds_per_step or step <= 2 * MIN_STEPS + 1
    assert 0 < plan.rate(step - 1) <= 0.3 or step <= 2 * MIN_STEPS + 1


def test_worsening_turns_early_and_keeps_the_usual_share() -> None:
    plan = Plan.of(TrainConfig(minutes=10, decay=0.5))
    turned = plan.adjusted(100, 60.0, worsening=True)
    assert (turned.decay_start, turned.n_steps) == (100, 200)
    assert plan.adjusted(100, 60.0, worsening=False) == plan


def test_a_plan_survives_json() -> None:
    plan = Plan.of(TrainConfig(steps=50))
    assert Plan(**plan.as_json()) == plan
