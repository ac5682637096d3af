"""`python -m benchmarks [NAME ...]`; alone: quality, then replay on the run of the first."""

import sys

from benchmarks import (
    compression,
    corpus,
    evaluation,
    events,
    exports,
    forecast,
    fuzz,
    graphs,
    kills,
    load,
    memory,
    paint,
    personal,
    quality,
    replay,
    restarts,
    shakespeare,
    tasks,
    throughput,
    training,
    vocabulary,
)

BENCHMARKS = {
    "compression": compression.main,
    "corpus": corpus.main,
    "evaluation": evaluation.main,
    "events": events.main,
    "exports": exports.main,
    "forecast": forecast.main,
    "fuzz": fuzz.main,
    "graphs": graphs.main,
    "kills": kills.main,
    "load": load.main,
    "memory": memory.main,
    "paint": paint.main,
    "personal": personal.main,
    "quality": quality.main,
    "replay": replay.main,
    "restarts": restarts.main,
    "shakespeare": shakespeare.main,
    "tasks": tasks.main,
    "throughput": throughput.main,
    "training": training.main,
    "vocabulary": vocabulary.main,
}

if __name__ == "__main__":
    if len(sys.argv) > 1:
        BENCHMARKS[sys.argv[1]](sys.argv[2:])
    else:
        quality.main([])
        replay.main(["runs/bench-medical-zh", "--against", "hf,ct2"])
