"""How long a key takes, and how long a new process takes to its first answer.

C of the draws, P keys
"""

import json
import math
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from prompt_gen.errors import PromptGenError
from prompt_gen.evaluate.numbers import Number, over_keys
from prompt_gen.evaluate.typed import Typed

_PERCENTILES = (50, 95, 99)
_EDGES = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)  # of bars, for each power of ten


def numbers(typed: Typed) -> dict[str, Number]:
    """Percentiles of wall time over all keys, and forward passes of the model."""
    times = {f"p{percent}_ms": percentile(typed, percent) for percent in _PERCENTILES}
    return times | {"passes": typed.mean(typed.n_passes_P)}


def percentile(typed: Typed, percent: int) -> Number:
    """The least time that so many of a hundred keys do not exceed.

    Source: the inverse of the empirical distribution, definition 1 of Hyndman and Fan 1996,
    "Sample quantiles in statistical packages".
    """
    order_P = np.argsort(typed.ms_P, kind="stable")
    ms_P = typed.ms_P[order_P]

    def of(weights_CP: np.ndarray) -> np.ndarray:
        counts_CP = weights_CP.cumsum(axis=1)
        if not counts_CP.size:
            return np.full(len(counts_CP), np.nan)
        total_C = counts_CP[:, -1:]
        found_C = ms_P[(counts_CP * 100 >= total_C * percent).argmax(axis=1)]
        return np.where(total_C[:, 0] > 0, found_C, np.nan)

    return over_keys(of, typed.line_P[order_P])


def histogram(typed: Typed) -> list[dict[str, float]]:
    """Keys by their time, in bars of growing width, from the fastest key to the slowest.

    A key is in the first bar whose `up_to_ms` it does not exceed.
    """
    if not len(typed.ms_P):
        return []
    last = max(0, math.ceil(math.log10(max(typed.ms_P.max(), 1.0))))
    edges = [round(edge * 10.0**power, 9) for power in range(-2, last + 1) for edge in _EDGES]
    bars = np.searchsorted(edges, typed.ms_P)
    return [
        {"up_to_ms": edges[bar], "keys": int((bars == bar).sum())}
        for bar in range(bars.min(), bars.max() + 1)
    ]


def cold_start(bundle_path: Path, text: str) -> dict[str, float]:
    """Milliseconds and memory (MiB) of a new Python process that loads a bundle and completes once.

    The clock is that of the one who waits: from starting the interpreter, with all imports, until
    the answer has arrived. Memory is what the process then holds (the most it held, on systems
    without /proc).

    Raises:
        PromptGenError: the process ended without an answer.
    """
    request = json.dumps({"path": str(bundle_path), "text": text})  # ASCII, whatever they hold
    command = [sys.executable, "-P", "-c", _FIRST_ANSWER, request]
    with tempfile.TemporaryFile() as complaints:
        started = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints) as process:
            assert process.stdout is not None
            answer = process.stdout.readline()
            ms = (time.perf_counter() - started) * 1000
        if process.returncode:
            complaints.seek(0)
            said = complaints.read().decode("utf-8", "replace").strip().splitlines()
            raise PromptGenError(
                f"a new process could not complete with '{bundle_path}': {(said or ['?'])[-1]}",
                "Load it here to see more: prompt-gen complete DIR TEXT",
            )
    return {"cold_start_ms": ms, "memory_mb": int(answer) / 2**20}


_FIRST_ANSWER = """
import json, sys
from prompt_gen.engine import Completer

request = json.loads(sys.argv[1])
Completer.load(request["path"]).complete(request["text"])
try:
    with open("/proc/self/status") as status:
        n_bytes = next(int(row.split()[1]) * 1024 for row in status if row.startswith("VmRSS"))
except FileNotFoundError:
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    n_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
print(n_bytes, flush=True)
"""
