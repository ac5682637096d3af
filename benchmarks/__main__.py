"""`python -m benchmarks [quality|latency ...]`; alone: both, the second on the run of the first."""

import sys

from benchmarks import latency, quality

BENCHMARKS = {"quality": quality.main, "latency": latency.main}

if __name__ == "__main__":
    if len(sys.argv) > 1:
        BENCHMARKS[sys.argv[1]](sys.argv[2:])
    else:
        quality.main([])
        latency.main(["runs/bench-medical"])
