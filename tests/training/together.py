"""What each of several processes does in a test: it trains on the shards of a run."""

import sys

from prompt_gen import launch, pipeline, shards, vocab
from prompt_gen.config import validated
from prompt_gen.pipeline.start import Start
from prompt_gen.run import Run, silent
from prompt_gen.settings import RunConfig

if __name__ == "__main__":
    run = Run.open(sys.argv[1])
    if launch.is_first():
        config, tokenizer = validated(RunConfig, run.settings), vocab.load(run)
        Start.of(run, config, tokenizer, shards.load(run, tokenizer)).fit(silent, resume=False)
    else:
        pipeline.train_along(run.path)
    launch.leave()
