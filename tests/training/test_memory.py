"""Free memory is the least of what the machine and every control group around us allow."""

from pathlib import Path

import pytest

from prompt_gen.training.memory import MB, free_mb, peak_mb


def machine(root: Path, files: dict[str, str]) -> Path:
    known = {"proc/meminfo": "MemTotal: 9 kB\nMemAvailable: 1048576 kB\n"}
    for name, text in (known | files).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root


def group(where: str, limit: str, usage: int, cache: int) -> dict[str, str]:
    """Files of a control group of version 2."""
    top = f"sys/fs/cgroup/{where}"
    return {
        f"{top}/memory.max": f"{limit}\n",
        f"{top}/memory.current": f"{usage}\n",
        f"{top}/memory.stat": f"anon 5\ninactive_file {cache}\n",
    }


INSIDE = {"proc/self/cgroup": "0::/job/step\n"}
VERSION_1 = {
    "proc/self/cgroup": "5:cpu:/\n4:memory:/box\n",
    "sys/fs/cgroup/memory/box/memory.limit_in_bytes": f"{300 * MB}",
    "sys/fs/cgroup/memory/box/memory.usage_in_bytes": f"{100 * MB}",
    "sys/fs/cgroup/memory/box/memory.stat": f"total_inactive_file {20 * MB}",
}


@pytest.mark.parametrize(
    ("files", "wanted_mb"),
    [
        ({}, 1024),
        (INSIDE | group("job/step", "max", 5, 0), 1024),
        (INSIDE | group("job/step", f"{200 * MB}", 150 * MB, 10 * MB), 60),
        (INSIDE | group("job/step", f"{200 * MB}", 0, 0) | group("job", f"{90 * MB}", 0, 0), 90),
        (INSIDE | group("job/step", f"{2000 * MB}", 0, 0) | group("", f"{70 * MB}", 0, 0), 70),
        (INSIDE | group("job/step", f"{100 * MB}", 150 * MB, 0), 0),
        (VERSION_1, 220),
    ],
    ids=["no group", "no limit", "cache gives way", "the one around", "the root", "over", "first"],
)
def test_the_least_of_all_counts(tmp_path: Path, files: dict[str, str], wanted_mb: float) -> None:
    assert free_mb("cpu", machine(tmp_path, files)) == wanted_mb


def test_what_is_taken_is_seen() -> None:
    before = peak_mb("cpu")
    taken = b"x" * int((before + 50) * MB)
    assert peak_mb("cpu") >= len(taken) / MB
    assert before > 10
