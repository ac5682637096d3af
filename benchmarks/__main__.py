"""`python -m benchmarks [NAME ...]`; alone: quality, then latency on the run of the first."""

import sys

from benchmarks import latency, quality, vocabulary

BENCHMARKS = {"quality": quality.main, "latency": latency.main, "vocabulary": vocabulary.main}

if __name__ == "__main__":
    if len(sys.argv) > 1:
        BENCHMARKS[sys.argv[1]](sys.argv[2:])
    else:
        quality.main([])
        latency.main(["runs/bench-medical"])
