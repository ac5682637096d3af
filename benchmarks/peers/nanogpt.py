"""A plain loop in the manner of nanoGPT: random windows, AdamW, cosine down to a tenth.

Its settings: betas 0.9 and 0.99, decay 0.1 on matrices, clipping at 1. The warm-up is a twentieth
of the run and the cosine ends with it, so that every length of a run has its whole schedule.
"""

import math
import time

import numpy as np
import torch
from transformers import GPT2LMHeadModel

from benchmarks.peers import Done, Setting, Stream

WARMUP, FLOOR = 0.05, 0.1


def train(model: GPT2LMHeadModel, stream: Stream, setting: Setting, seconds: float) -> Done:
    matrices = [p for p in model.parameters() if p.ndim >= 2]
    others = [p for p in model.parameters() if p.ndim < 2]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=setting.lr, betas=(0.9, 0.99), fused=True)
    rng, offsets_T = np.random.default_rng(0), np.arange(setting.context + 1)
    model.train()
    started, steps = time.perf_counter(), 0
    while (share := (time.perf_counter() - started) / seconds) < 1:
        fall = max(0.0, share - WARMUP) / (1 - WARMUP)
        rate = FLOOR + (1 - FLOOR) * 0.5 * (1 + math.cos(math.pi * fall))
        for group in optimizer.param_groups:
            group["lr"] = setting.lr * min(rate, (share + 1e-3) / WARMUP)
        starts_B = rng.integers(0, len(stream) - setting.context - 1, setting.rows)
        windows = torch.from_numpy(stream[starts_B[:, None] + offsets_T].astype(np.int64))
        logits = model(input_ids=windows[:, :-1]).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        steps += 1
    return Done(steps, steps * setting.rows * setting.context, time.perf_counter() - started)
