"""A bundle that answers, and conversations, to numbers with intervals and a page.

What is generated, at temperature 0, stands beside the answer to the most similar question that was
learned from: a network that is no better than that need not be asked.

N conversations, A answers to last questions
"""

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from prompt_gen.bundle import Bundle
from prompt_gen.config import EvaluateConfig
from prompt_gen.engine.chat import Chat
from prompt_gen.engine.drawing import Drawing
from prompt_gen.engine.generating import Generation
from prompt_gen.engine.language_model import LanguageModel, chain
from prompt_gen.engine.runtime import Graph
from prompt_gen.evaluate import overlap
from prompt_gen.evaluate.numbers import Number, Ratio, draws, measured
from prompt_gen.tasks import Labelled, spread
from prompt_gen.tasks.dialogue import SCORE, spoken
from prompt_gen.vocab import Tokenizer

__all__ = ["measure"]

_N_SHOWN = 20  # examples
_SURE = Generation(drawing=Drawing(temperature=0.0))
_OVERLAP = ("bleu", "chrf", "rougeL_chars", "rougeL_words")


def measure(
    chat: Chat, before: Bundle, conversations: Sequence[Labelled], config: EvaluateConfig
) -> dict[str, Any]:
    """The report: `numbers` with intervals, those of the bundle `before`, of what was `retrieved`.

    For JSON. Likelihood is of all answers, overlap of those to the last questions of some.
    """
    chosen = [conversations[i] for i in spread(len(conversations), config.answered)]
    texts = [each.pieces for each in chosen]
    said = ["".join(chat.answer(turns[:-1], _SURE)).strip() for turns in texts]
    alike = [next(iter(chat.similar(turns[-2])), None) for turns in texts]
    retrieved = [found.answer if found else "" for found in alike]
    numbers = _likelihood(chat.model, chat.bundle.tokenizer, conversations)
    earlier = _likelihood(Graph(before), chat.bundle.tokenizer, conversations)
    return {
        "task": "dialogue",
        "score": SCORE,
        "texts": len(conversations),
        "answered": len(chosen),
        "numbers": _measured(numbers, len(conversations), config) | _overlap(texts, said, config),
        "before": _measured(earlier, len(conversations), config),
        "retrieved": _overlap(texts, retrieved, config),
        "examples": [
            {
                "question": turns[-2],
                "right": turns[-1],
                "said": answer,
                "similar": asdict(found) if found else None,
            }
            for turns, answer, found in list(zip(texts, said, alike, strict=True))[:_N_SHOWN]
        ],
    }


def _likelihood(
    model: LanguageModel, tokenizer: Tokenizer, conversations: Sequence[Labelled]
) -> dict[str, Number]:
    """Perplexity by token, and bits by character, of answers and their ends."""
    sums_N3 = np.zeros((len(conversations), 3))  # nats, tokens, characters
    for row, each in zip(sums_N3, conversations, strict=True):
        for piece in spoken(tokenizer, each.pieces, model.context + 1):
            at = np.flatnonzero(piece.answers)
            ids = np.array(piece.tokens)
            probs_AV, _ = model.read(piece.tokens[:-1], chain(len(ids) - 1), (at - 1).tolist())
            p_A = probs_AV[np.arange(len(at)), ids[at]].astype(np.float64)
            said = ids[at].tolist()
            row += (
                -np.log(np.maximum(p_A, np.finfo(np.float32).tiny)).sum(),
                len(said),
                len(tokenizer.decode(said)) + said.count(tokenizer.eos_id),
            )
    nats_N, tokens_N, chars_N = sums_N3.T
    by_token = Ratio(nats_N, tokens_N)
    return {
        "perplexity": lambda weights_RN: np.exp(by_token(weights_RN)),
        "bits_per_char": Ratio(nats_N / math.log(2), chars_N),
    }


def _overlap(
    texts: Sequence[Sequence[str]], said: Sequence[str], config: EvaluateConfig
) -> dict[str, Any]:
    """BLEU, chrF and ROUGE-L of answers with the right ones."""
    pairs = [
        overlap.Pair(i, answer, turns[-1])
        for i, (turns, answer) in enumerate(zip(texts, said, strict=True))
    ]
    found = overlap.compared(pairs, len(pairs), "".join(turns[-1] for turns in texts))
    kept = {name: found[name] for name in _OVERLAP if name in found}
    return _measured(kept, len(pairs), config)


def _measured(numbers: dict[str, Number], n: int, config: EvaluateConfig) -> dict[str, Any]:
    weights_RN = draws(n, config.resamples, config.seed)
    return {name: asdict(measured(number(weights_RN))) for name, number in numbers.items()}
