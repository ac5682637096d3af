"""The loop of the book, after its description: pieces of the text, windows, AdamW, long warm-up.

As its program does: the text is a hundred pieces; a piece is cut into windows that overlap by a
quarter, in random order, and what is left of a piece is dropped with its last incomplete batch. The
rate rises over 2 000 steps and falls linearly over five epochs; gradients are clipped at 1; the
loss is read after every step. Nothing decays (its optimizer's default).
"""

import random
import time

import torch
from torch.optim.lr_scheduler import LambdaLR
from transformers import GPT2LMHeadModel

from benchmarks.peers import Done, Setting, Stream

PIECES, WARMUP, EPOCHS = 100, 2000, 5


def train(model: GPT2LMHeadModel, stream: Stream, setting: Setting, seconds: float) -> Done:
    stride = setting.context * 3 // 4
    total = int(len(stream) / stride * EPOCHS / setting.rows)
    optimizer = torch.optim.AdamW(model.parameters(), lr=setting.lr, eps=1e-6, weight_decay=0.0)

    def rate(step: int) -> float:
        if step < WARMUP:
            return step / WARMUP
        return max(0.0, (total - step) / max(1, total - WARMUP))

    schedule = LambdaLR(optimizer, rate)
    order = random.Random(0)
    model.train()
    started, steps = time.perf_counter(), 0
    for _ in range(EPOCHS):
        for piece in order.sample(range(PIECES), PIECES):
            ids = stream[len(stream) * piece // PIECES : len(stream) * (piece + 1) // PIECES]
            starts = list(range(0, len(ids) - setting.context, stride))
            starts.append(len(ids) - setting.context)
            order.shuffle(starts)
            for at in range(0, len(starts) - setting.rows + 1, setting.rows):
                if time.perf_counter() - started > seconds:
                    return _done(steps, setting, started)
                rows = [
                    ids[s : s + setting.context].tolist() for s in starts[at : at + setting.rows]
                ]
                batch = torch.tensor(rows)
                loss = model(input_ids=batch, labels=batch).loss
                loss.backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                loss.item()
                optimizer.step()
                optimizer.zero_grad()
                schedule.step()
                steps += 1
    return _done(steps, setting, started)


def _done(steps: int, setting: Setting, started: float) -> Done:
    tokens = steps * setting.rows * setting.context
    return Done(steps, tokens, time.perf_counter() - started)
