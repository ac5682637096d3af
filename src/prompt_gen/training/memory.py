"""How much memory the process has taken, and how much it may take."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import torch

MB = 1 << 20


def peak_mb(device: str) -> float:
    """The most memory that was in use so far: of the process, or of the device, MB."""
    if device == "cuda":
        return torch.cuda.max_memory_reserved() / MB
    if sys.platform == "win32":
        return 0.0  # nobody says
    import resource

    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MB


def free_mb(device: str, root: Path = Path("/")) -> float:
    """Memory that can still be taken on the device, MB; without end where nobody says.

    On a CPU what the machine has available, or less where a control group allows less.
    """
    if device == "cuda":
        return torch.cuda.mem_get_info()[0] / MB
    return min((_machine(root), *_groups(root))) / MB


def _machine(root: Path) -> float:
    """Bytes that the machine has available."""
    for line in _text(root / "proc/meminfo").splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    if "SC_PHYS_PAGES" in getattr(os, "sysconf_names", ()):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return float("inf")


def _groups(root: Path) -> Iterator[float]:
    """Bytes that each control group around this process still allows (version 2, then 1)."""
    top = root / "sys/fs/cgroup"
    for line in _text(root / "proc/self/cgroup").splitlines():
        number, controllers, path = line.split(":", 2)
        if number == "0":
            place, names = top, ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            place = top / "memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        group = place / path.lstrip("/")
        for directory in (group, *group.parents):
            yield _left(directory, *names)
            if directory == place:
                break


def _left(group: Path, limit: str, usage: str, cache: str) -> float:
    """Bytes between limit and usage; a file cache gives way and does not count."""
    most, used = _text(group / limit).strip(), _text(group / usage).strip()
    if not (most.isdigit() and used.isdigit()):
        return float("inf")  # "max", or no such group
    rows = dict(line.split() for line in _text(group / "memory.stat").splitlines())
    return max(0, int(most) - int(used) + int(rows.get(cache, 0)))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError:
        return ""
