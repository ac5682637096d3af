"""Where a run computes: the device, its number format, compiling, and the threads of a CPU."""

import os
import sys
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from prompt_gen.config import TrainConfig
from prompt_gen.errors import SettingError
from prompt_gen.launch import local_rank, n_local

_LOOK_S = 0.2  # how long it is watched what others do
_CGROUP = Path("/sys/fs/cgroup")
_CPUS = Path("/sys/devices/system/cpu")


@dataclass(frozen=True)
class Device:
    """What a run computes on, and how."""

    torch: torch.device
    n_threads: int  # of this process
    why: str  # so many threads
    is_bfloat16: bool  # matrix products in bfloat16; weights and sums stay in float32
    is_compiled: bool

    def precision(self) -> AbstractContextManager[Any]:
        """The number format of what is computed inside."""
        return torch.autocast(self.torch.type, torch.bfloat16, enabled=self.is_bfloat16)

    def facts(self) -> dict[str, Any]:
        """What is said of it when a run starts."""
        return {
            "device": str(self.torch),
            "threads": self.n_threads,
            "threads_because": self.why,
            "bfloat16": self.is_bfloat16,
            "compiled": self.is_compiled,
        }


def choose_device(config: TrainConfig) -> str:
    """The kind of device a run will use: the given one, or the best there is.

    Raises:
        SettingError: the given one is not there.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    best = next((name for name, is_there in there.items() if is_there), "cpu")
    if config.device in ("auto", best, "cpu"):
        return best if config.device == "auto" else config.device
    raise SettingError(
        f"setting 'train.device' is '{config.device}', which torch does not find here",
        f"Leave it out (it would be '{best}'), or install torch for that device",
    )


def prepare(config: TrainConfig) -> Device:
    """The device of this process, with torch set up for it.

    Compiling pays on a GPU, whose kernels are launched one by one otherwise; on a CPU it takes
    longer than it gains in runs of minutes (docs/log.md, "Compiling on a CPU").
    """
    kind = choose_device(config)
    n_threads, why = (config.threads, "as set") if config.threads else choose_threads()
    torch.set_num_threads(n_threads)
    is_cuda = kind == "cuda"
    if is_cuda:
        torch.cuda.set_device(local_rank())
        torch.set_float32_matmul_precision("high")  # Muon's products: TF32 where the card has it
    return Device(
        torch.device(kind, local_rank()) if is_cuda else torch.device(kind),
        n_threads,
        why,
        is_bfloat16=is_cuda and torch.cuda.is_bf16_supported(including_emulation=False),
        is_compiled=is_cuda if config.compile == "auto" else config.compile,
    )


def with_threads(device: Device, n_threads: int) -> Device:
    """The device with as many threads as a run began with."""
    if n_threads == device.n_threads:
        return device
    torch.set_num_threads(n_threads)
    return replace(device, n_threads=n_threads, why="as the run began with")


def choose_threads() -> tuple[int, str]:
    """How many threads are of use, and why not more.

    Threads wait for each other by spinning: one that does not get its core holds up all, so those
    that others keep busy are left to them, and the second half of a core does not count.
    """
    given = os.environ.get("OMP_NUM_THREADS", "")
    is_launchers = given == "1" and "TORCHELASTIC_RUN_ID" in os.environ  # torchrun's own default
    if given.isdigit() and int(given) > 0 and not is_launchers:
        return int(given), "OMP_NUM_THREADS"
    cores = _cores()
    free = _idle_cores(cores)
    bounds = {
        f"{len(cores)} cores": float(len(cores)),
        f"a quota of {_quota():.1f} cores": _quota(),
        f"{free:.1f} of {len(cores)} cores idle": free + 0.3,  # what is only just not idle
    }
    n_here = n_local()
    why = min(bounds, key=bounds.__getitem__)
    shared = f", for {n_here} processes" if n_here > 1 else ""
    return max(1, int(bounds[why] / n_here)), why + shared


def _cores() -> list[set[int]]:
    """The cores this process may use, each as the numbers of its logical CPUs."""
    may = getattr(os, "sched_getaffinity", lambda _: set(range(os.cpu_count() or 1)))(0)
    return [set(core) for core in {tuple(sorted(may & _siblings(cpu))) for cpu in may}]


def _siblings(cpu: int) -> set[int]:
    """The logical CPUs of the same core."""
    try:
        text = (_CPUS / f"cpu{cpu}/topology/thread_siblings_list").read_text().strip()
    except OSError:
        return {cpu}
    ranges = [part.split("-") for part in text.split(",")]
    return {n for ends in ranges for n in range(int(ends[0]), int(ends[-1]) + 1)} | {cpu}


def _quota() -> float:
    """Cores that the control group may use in all; infinite where nothing is said."""
    try:
        if (_CGROUP / "cpu.max").exists():  # version 2
            quota, period = (_CGROUP / "cpu.max").read_text().split()
        else:
            quota, period = (
                (_CGROUP / f"cpu/cpu.cfs_{name}_us").read_text() for name in ("quota", "period")
            )
        return int(quota) / int(period) if int(quota) > 0 else float("inf")
    except (OSError, ValueError):  # none, or "max"
        return float("inf")


def _idle_cores(cores: list[set[int]]) -> float:
    """How many of these cores nobody uses just now; all where the system does not tell.

    The load average would count what this run did itself a minute ago.
    """
    if not sys.platform.startswith("linux"):
        return float(len(cores))
    before = _busy_ticks()
    time.sleep(_LOOK_S)
    ticks = _LOOK_S * os.sysconf("SC_CLK_TCK")
    spent = {cpu: (now - before[cpu]) / ticks for cpu, now in _busy_ticks().items()}
    return sum(1 - min(1.0, max(spent.get(cpu, 0.0) for cpu in core)) for core in cores)


def _busy_ticks() -> dict[int, int]:
    """Clock ticks that each logical CPU has worked since the start of the system."""
    rows = [line.split() for line in Path("/proc/stat").read_text().splitlines()]
    rows = [row for row in rows if row[0].startswith("cpu") and row[0] != "cpu"]
    # user, nice, system, idle, iowait, irq, softirq, steal
    return {int(r[0][3:]): sum(map(int, r[1:4])) + sum(map(int, r[6:9])) for r in rows}
