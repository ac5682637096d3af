"""Stock directories whose every weight matters, for peers to load."""

from pathlib import Path

import torch

from prompt_gen.config import ModelConfig
from prompt_gen.model import Shape, build
from prompt_gen.training import checkpoint
from prompt_gen.vocab import TOKENIZERS, Tokenizer
from tests.conftest import lines_of

LINES = lines_of("health-zh.txt")[:300]
PREFIXES = [line[: 1 + i % 9] for i, line in enumerate(LINES[:50])]


def stock_directory(where: Path, architecture: str, kind: str = "bpe") -> Path:
    """Two blocks of random weights and a tokenizer of these lines."""
    tokenizer = Tokenizer(TOKENIZERS.load(kind).fit(LINES, 700))
    config = ModelConfig(architecture=architecture, context=64)
    model = build(config, Shape(2, 128), tokenizer.size, seed=0).eval()
    torch.manual_seed(1)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    checkpoint.save_best(where, checkpoint.weights_of(model), model.config)
    tokenizer.save(where)
    return where
