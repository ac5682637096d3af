"""Muon and the schedule."""

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from prompt_gen.model import ARCHITECTURES, Shape
from prompt_gen.model.qwen3 import build
from prompt_gen.optim import Muon, rate
from prompt_gen.optim import build as optimizers
from prompt_gen.optim.muon import _each_after_the_other, orthogonalize


def test_orthogonalized_matrices_have_singular_values_near_one() -> None:
    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonalize(torch.randn(3, 16, 48)))
    assert values.min() > 0.5
    assert values.max() < 1.5


@pytest.mark.parametrize("smallest", [0.05, 0.3, 1.0])
def test_orthogonalizing_keeps_directions_whatever_the_scale(smallest: float) -> None:
    torch.manual_seed(0)
    left, right = (torch.linalg.qr(torch.randn(32, 32))[0] for _ in range(2))
    matrix = left @ torch.diag(torch.linspace(smallest, 1, 32)) @ right
    for scale in (1e-4, 1.0, 1e4):
        found = orthogonalize(scale * matrix[None])[0]
        assert torch.linalg.matrix_norm(found - left @ right, 2) < 0.15


@pytest.mark.parametrize("shape", [(12, 12), (12, 16), (12, 48)])
def test_a_tall_matrix_gives_the_transpose_of_what_the_wide_one_gives(
    shape: tuple[int, int],
) -> None:
    torch.manual_seed(0)
    wide = torch.randn(3, *shape)
    torch.testing.assert_close(orthogonalize(wide.mT), orthogonalize(wide).mT)


def test_products_of_the_shorter_side_give_what_those_of_the_whole_give() -> None:
    torch.manual_seed(0)
    scales = torch.logspace(-3, 0, 48)  # singular values far apart, as those of gradients are
    matrix = torch.randn(3, 16, 48) * scales @ torch.linalg.qr(torch.randn(48, 48))[0]
    gram = matrix @ matrix.mT
    bound = gram.norm(dim=(1, 2), keepdim=True)
    whole = _each_after_the_other(matrix * bound.rsqrt(), gram / bound, is_tall=False)
    torch.testing.assert_close(orthogonalize(matrix), whole, rtol=1e-3, atol=1e-4)


def test_a_stack_gives_what_each_matrix_gives_alone() -> None:
    torch.manual_seed(0)
    stack = torch.randn(3, 8, 8)
    alone = torch.cat([orthogonalize(one[None]) for one in stack])
    torch.testing.assert_close(orthogonalize(stack), alone)


@pytest.mark.parametrize("shape", [(8, 8), (24, 8), (8, 24)])
def test_muon_finds_the_least_squares_solution(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    target = torch.randn(shape)
    weight = torch.nn.Parameter(torch.zeros(shape))
    muon = Muon([weight], lr=0.1)
    losses = []
    for step in range(200):
        loss = ((weight - target) ** 2).mean()
        losses.append(loss.item())
        muon.zero_grad()
        loss.backward()
        muon.param_groups[0]["lr"] = 0.1 * (1 - step / 200)
        muon.step()
    assert losses[-1] < 0.05 * losses[0]


def test_matrices_take_turns_and_all_keep_their_momentum() -> None:
    torch.manual_seed(0)
    gradients = [torch.randn(8, 8) for _ in range(3)]
    moved, momenta = [], []
    for turns in (1, 2):
        weights = [torch.nn.Parameter(torch.zeros(8, 8)) for _ in gradients]
        muon = Muon(weights, lr=0.1, turns=turns)
        moved.append([])
        for _ in range(2):
            before = [weight.detach().clone() for weight in weights]
            for weight, gradient in zip(weights, gradients, strict=True):
                weight.grad = gradient.clone()
            muon.step()
            changes = [(w - b).norm().item() for w, b in zip(weights, before, strict=True)]
            moved[-1].append(changes)
        momenta.append([muon.state[weight]["momentum"] for weight in weights])
    each, by_turns = moved
    assert [change > 0 for change in by_turns[0]] == [False, True, False]
    assert [change > 0 for change in by_turns[1]] == [True, False, True]
    assert by_turns[0][1] == pytest.approx(each[0][1] * 2**0.5, rel=1e-4)
    for one, other in zip(*momenta, strict=True):
        assert torch.equal(one, other)


def test_whose_turn_it_is_survives_a_checkpoint() -> None:
    torch.manual_seed(0)

    def stepped(n: int, state: dict | None = None, start: list | None = None) -> tuple:
        weights = [torch.nn.Parameter(w.clone()) for w in start or [torch.zeros(8, 8)] * 2]
        muon = Muon(weights, lr=0.1, turns=2)
        if state:
            muon.load_state_dict(state)
        for _ in range(n):
            for number, weight in enumerate(weights):
                weight.grad = torch.eye(8) * (number + 1)
            muon.step()
        return [weight.detach() for weight in weights], muon.state_dict()

    whole, _ = stepped(3)
    begun, state = stepped(1)
    for kept in state["state"].values():
        kept["step"] = torch.as_tensor(kept["step"])  # as a checkpoint gives it back
    resumed, _ = stepped(2, state, begun)
    assert all(torch.equal(one, other) for one, other in zip(whole, resumed, strict=True))


@pytest.mark.parametrize(("batch_tokens", "turns"), [(319, 2), (320, 1), (float("inf"), 1)])
def test_they_take_turns_where_batches_are_small_beside_the_width(
    batch_tokens: float, turns: int
) -> None:
    model = build(Shape(2, 64), 300, 64, 0, 1)
    muon, _ = optimizers(model, 0.02, 0.006, 0.0, batch_tokens=batch_tokens)
    assert muon.param_groups[0]["turns"] == turns


def test_every_parameter_has_one_optimizer() -> None:
    for name in ARCHITECTURES:
        module = ARCHITECTURES.load(name)
        model = module.build(Shape(2, 64), 300, 64, 0, 1)
        groups = [g for o in optimizers(model, 0.02, 0.006, 0.1) for g in o.param_groups]
        trained = [id(p) for group in groups for p in group["params"]]
        assert sorted(trained) == sorted({id(p) for p in model.parameters()})


def test_what_is_frozen_has_no_optimizer() -> None:
    model = ARCHITECTURES.load("gpt2").build(Shape(1, 64), 300, 64, 0, 1)
    model.transformer.wpe.weight.requires_grad_(False)
    groups = [g for o in optimizers(model, 0.02, 0.006, 0.1) for g in o.param_groups]
    trained = [id(p) for group in groups for p in group["params"]]
    assert sorted(trained) == sorted({id(p) for p in model.parameters() if p.requires_grad})


def test_only_hidden_matrices_go_to_muon() -> None:
    model = build(Shape(2, 64), 300, 64, 0, 1)
    muon, _ = optimizers(model, 0.02, 0.006, 0.1)
    assert all(p.ndim == 2 and 300 not in p.shape for g in muon.param_groups for p in g["params"])


@given(st.integers(1, 500), st.integers(0, 50), st.floats(0.01, 1), st.floats(0, 0.5))
@example(175, 0, 0.8, 0.054114971316317276)  # where rounding would lift it above the peak
def test_the_rate_rises_holds_and_falls(n: int, warm: int, decay: float, floor: float) -> None:
    rates = [rate(step, step / n, warm, decay, floor) for step in range(n)]
    assert all(0 < r <= 1 for r in rates)
    held = [r for step, r in enumerate(rates) if step / n <= 1 - decay]
    fallen = [r for step, r in enumerate(rates) if step / n > 1 - decay and step >= warm]
    assert held == sorted(held)
    assert fallen == sorted(fallen, reverse=True)
    assert rate(n, 1.0, 0, decay, floor) == floor
