"""Threads, number formats and memory: what a device changes, and what it must not."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_gen.config import TrainConfig
from prompt_gen.errors import PromptGenError
from prompt_gen.run import Event, silent
from prompt_gen.training import devices
from prompt_gen.training.batches import Batch
from prompt_gen.training.gradients import Gradients
from prompt_gen.training.loss import Objective, Sample, Sampler
from tests.training.test_loss import VOCAB, model_and_batches

CPU = devices.Device(torch.device("cpu"), 1, "a test", is_bfloat16=False, is_compiled=False)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Four cores of two logical CPUs each, all idle, and no quota."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(devices.os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(devices, "_CGROUP", tmp_path)
    monkeypatch.setattr(devices, "_CPUS", tmp_path)
    monkeypatch.setattr(devices, "_LOOK_S", 0.01)
    monkeypatch.setattr(devices, "_busy_ticks", lambda: dict.fromkeys(range(8), 0))
    for cpu in range(8):
        (tmp_path / f"cpu{cpu}/topology").mkdir(parents=True)
        (tmp_path / f"cpu{cpu}/topology/thread_siblings_list").write_text(
            f"{cpu % 4},{cpu % 4 + 4}"
        )
    return monkeypatch


def test_there_is_a_thread_for_each_core(machine: pytest.MonkeyPatch) -> None:
    assert devices.choose_threads() == (4, "4 cores")
    machine.setattr(devices.os, "sched_getaffinity", lambda _: {0, 4, 1}, raising=False)
    assert devices.choose_threads() == (2, "2 cores")


@pytest.mark.parametrize("quota", ["250000 100000", "max 100000"])
def test_a_quota_is_kept(machine: pytest.MonkeyPatch, tmp_path: Path, quota: str) -> None:
    (tmp_path / "cpu.max").write_text(quota)
    assert devices.choose_threads()[0] == (2 if "250" in quota else 4)


def test_cores_that_are_busy_are_left_to_others(machine: pytest.MonkeyPatch) -> None:
    looks = iter([dict.fromkeys(range(8), 0), {cpu: 99 * (cpu < 3) for cpu in range(8)}])
    machine.setattr(devices, "_busy_ticks", lambda: next(looks))
    n_threads, why = devices.choose_threads()
    assert (n_threads, why) == (1, "1.0 of 4 cores idle")


def test_processes_share_the_cores_and_what_is_given_is_taken(machine: pytest.MonkeyPatch) -> None:
    for name, value in (("RANK", "1"), ("WORLD_SIZE", "2"), ("LOCAL_WORLD_SIZE", "2")):
        machine.setenv(name, value)
    assert devices.choose_threads() == (2, "4 cores, for 2 processes")
    machine.setenv("OMP_NUM_THREADS", "3")
    assert devices.choose_threads() == (3, "OMP_NUM_THREADS")


def test_compiling_is_for_gpus_unless_it_is_asked_for() -> None:
    chosen = {
        wish: devices.prepare(TrainConfig(device="cpu", threads=1, compile=wish)).is_compiled
        for wish in ("auto", True, False)
    }
    assert chosen == {"auto": False, True: True, False: False}


def learn(
    objective: Objective,
    batch: Batch,
    sample: Sample | None,
    micro_rows: int = 0,
    device: devices.Device = CPU,
) -> tuple[torch.Tensor, list[torch.Tensor]]:
    objective.zero_grad()
    loss = Gradients(objective, device, micro_rows, silent).add(batch, sample)
    return loss, [p.grad.clone() for p in objective.parameters() if p.grad is not None]


@settings(deadline=None, max_examples=10)
@given(st.integers(1, 9), st.integers(1, 9), st.booleans())
def test_few_rows_at_a_time_give_the_same_gradients(n_rows: int, few: int, sampled: bool) -> None:
    model, part, batches = model_and_batches()
    objective, batch = Objective(model), batches.at(0, n_rows)
    sample = Sampler(part.token_counts(VOCAB), 64, seed=0).draw(batch, 0) if sampled else None
    expected, ours = learn(objective, batch, sample), learn(objective, batch, sample, few)
    torch.testing.assert_close(ours, expected, atol=1e-6, rtol=1e-5)


def test_bfloat16_gives_nearly_the_same() -> None:
    model, _, batches = model_and_batches()
    objective, batch = Objective(model), batches.at(0, 2)
    expected = learn(objective, batch, None)
    loss, gradients = learn(objective, batch, None, device=replace(CPU, is_bfloat16=True))
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, expected[0], rtol=0.01, atol=0)
    for ours, stock in zip(gradients, expected[1], strict=True):
        assert (ours - stock).norm() <= 0.05 * stock.norm() + 1e-6
        assert not torch.equal(ours, stock) or not stock.any()


class Short(Objective):
    """Has memory for so many rows at a time."""

    n_rows, error = 2, RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")

    def forward(self, batch: Batch, sample: Sample | None) -> torch.Tensor:
        if len(batch.tokens_BT) > self.n_rows:
            raise self.error
        return super().forward(batch, sample)


@pytest.mark.parametrize(
    "error", [Short.error, torch.OutOfMemoryError("CUDA out of memory"), MemoryError()]
)
def test_short_memory_is_said_and_the_step_is_repeated(error: Exception) -> None:
    model, _, batches = model_and_batches()
    batch, events = batches.at(0, 9), list[Event]()
    expected = learn(Objective(model), batch, None)
    objective = Short(model)
    objective.error = error
    objective.zero_grad()
    gradients = Gradients(objective, CPU, 0, events.append)
    loss = gradients.add(batch, None)
    torch.testing.assert_close(loss, expected[0])
    found = [p.grad for p in objective.parameters() if p.grad is not None]
    torch.testing.assert_close(found, expected[1], atol=1e-6, rtol=1e-5)
    assert gradients.micro_rows == 2
    assert ["2 rows" in e.facts["warning"] for e in events] == [False, True]


def test_no_memory_for_a_row_and_other_errors_end_the_run() -> None:
    model, _, batches = model_and_batches()
    objective = Short(model)
    objective.n_rows = 0
    with pytest.raises(PromptGenError, match=r"not enough memory for one row.*model\.context"):
        Gradients(objective, CPU, 0, silent).add(batches.at(0, 3), None)
    objective.error = RuntimeError("shapes do not fit")
    with pytest.raises(RuntimeError, match="shapes"):
        Gradients(objective, CPU, 0, silent).add(batches.at(0, 3), None)
