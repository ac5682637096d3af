"""Other ways to train a stock GPT-2 on the same tokens: one file per peer.

Each has `train(model, stream, setting, seconds)`, which trains for so long and says what it did.
"""

from dataclasses import dataclass

import numpy as np
from transformers import GPT2Config, GPT2LMHeadModel


@dataclass(frozen=True)
class Setting:
    """What is tried: a shape, and how it is trained."""

    layers: int
    width: int
    context: int  # tokens of a row
    rows: int  # of a batch
    lr: float
    dropout: float = 0.0

    @property
    def name(self) -> str:
        shape = f"{self.layers} x {self.width}, context {self.context}, batch {self.rows}"
        return f"{shape}, learning rate {self.lr:g}"

    def model(self, vocab_size: int) -> GPT2LMHeadModel:
        return GPT2LMHeadModel(
            GPT2Config(
                vocab_size=vocab_size,
                n_positions=self.context,
                n_embd=self.width,
                n_layer=self.layers,
                n_head=max(1, self.width // 64),
                resid_pdrop=self.dropout,
                embd_pdrop=self.dropout,
                attn_pdrop=self.dropout,
            )
        )


@dataclass(frozen=True)
class Done:
    """What came of it."""

    steps: int
    tokens: int
    seconds: float


Stream = np.ndarray  # the ids of all training documents end to end, each with BOS and EOS
