"""What a result was measured on, and where it is kept."""

import json
import os
import platform
import resource
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
DATA = Path(os.environ.get("PROMPT_GEN_DATA", Path(__file__).parents[2] / "shared" / "data"))


def describe(*libraries: str) -> dict[str, Any]:
    """Processor, memory, versions, and the state of the code."""
    cpu = next(
        (line.split(":")[1].strip() for line in _read("/proc/cpuinfo") if "model name" in line),
        platform.processor(),
    )
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "commit": _git("rev-parse", "--short", "HEAD"),
        "libraries": {name: version(name) for name in libraries},
    }


def keep(name: str, result: dict[str, Any]) -> None:
    """Write a result file, and print it."""
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(result, ensure_ascii=False, indent=1)
    (RESULTS / f"{name}.json").write_text(text + "\n", "utf-8")
    print(text)


def peak_memory_mb(who: int = resource.RUSAGE_CHILDREN) -> float:
    """Largest resident memory of the children (or of this process) so far, MB."""
    return resource.getrusage(who).ru_maxrss / 1024


def _read(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def _git(*args: str) -> str:
    done = subprocess.run(["git", *args], capture_output=True, text=True, check=False)
    return done.stdout.strip()
