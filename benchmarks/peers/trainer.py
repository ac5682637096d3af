"""Hugging Face's `Trainer` on blocks of the text: fused AdamW, warm-up and a linear fall.

Its number of steps is found from its own pace over a few steps on a copy, which are not counted, so
that the schedule ends with the time.
"""

import copy
import tempfile
import time

import numpy as np
import torch
from torch.utils.data import Dataset
from transformers import (
    GPT2LMHeadModel,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from benchmarks.peers import Done, Setting, Stream

PACE_STEPS, WARMUP = 20, 0.05


class Blocks(Dataset):
    def __init__(self, stream: Stream, context: int) -> None:
        n_blocks = len(stream) // context
        self._blocks = stream[: n_blocks * context].reshape(n_blocks, context)

    def __len__(self) -> int:
        return len(self._blocks)

    def __getitem__(self, index: int) -> dict[str, torch.Tensor]:
        ids = torch.from_numpy(self._blocks[index].astype(np.int64))
        return {"input_ids": ids, "labels": ids}


class Clock(TrainerCallback):
    """Seconds from the first step on, and a stop when they are over."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self.started, self.ended = seconds, 0.0, 0.0

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        if state.global_step == 0:
            self.started = time.perf_counter()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        self.ended = time.perf_counter()
        control.should_training_stop |= self.ended - self.started > self._seconds


def train(model: GPT2LMHeadModel, stream: Stream, setting: Setting, seconds: float) -> Done:
    blocks = Blocks(stream, setting.context)
    pace, _ = _run(copy.deepcopy(model), blocks, setting, PACE_STEPS, float("inf"))
    steps = max(5, round(seconds * PACE_STEPS / pace))
    took, made = _run(model, blocks, setting, steps, seconds)
    return Done(made, made * setting.rows * setting.context, took)


def _run(
    model: GPT2LMHeadModel, blocks: Blocks, setting: Setting, steps: int, seconds: float
) -> tuple[float, int]:
    """Seconds and steps."""
    clock = Clock(seconds)
    with tempfile.TemporaryDirectory() as directory:
        arguments = TrainingArguments(
            output_dir=directory,
            per_device_train_batch_size=setting.rows,
            max_steps=steps,
            learning_rate=setting.lr,
            lr_scheduler_type="linear",
            warmup_steps=max(1, round(steps * WARMUP)),
            weight_decay=0.1,
            adam_beta2=0.99,
            optim="adamw_torch_fused",
            logging_strategy="no",
            save_strategy="no",
            report_to=[],
            use_cpu=True,
            disable_tqdm=True,
            seed=0,
        )
        trainer = Trainer(model, arguments, train_dataset=blocks, callbacks=[clock])
        trainer.train()
        return clock.ended - clock.started, trainer.state.global_step
