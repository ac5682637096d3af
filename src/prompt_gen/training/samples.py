"""What a model in training makes of the beginnings of validation lines, to be read by a person.

B beginnings, T tokens, V vocabulary
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from prompt_gen.shards import Part
from prompt_gen.vocab import Tokenizer

N_BEGINNINGS = 3
N_GIVEN = 2  # tokens of a line that are given
N_NEW = 12  # tokens behind them, at most
BORDER = "▸"  # between what was given and what was added


class Samples:
    """The beginnings of a run: those of the first documents that are long enough.

    `context` is the most tokens that the model takes.
    """

    def __init__(
        self, part: Part, tokenizer: Tokenizer, documents: Sequence[int], context: int
    ) -> None:
        self._tokenizer = tokenizer
        self._n_new = min(N_NEW, context - N_GIVEN - 1)
        lines = (part[i] for i in documents)
        beginnings = (line[: N_GIVEN + 1] for line in lines if len(line) > N_GIVEN + 2)
        whole = [ids for ids in beginnings if "\ufffd" not in tokenizer.decode(ids.tolist())]
        self._ids_BT = np.array(whole[:N_BEGINNINGS], np.int64)

    def of(self, model: nn.Module) -> list[str]:
        """Each beginning with its most probable next tokens; no random number is drawn."""
        if not len(self._ids_BT):
            return []
        ids_BT = torch.from_numpy(self._ids_BT).to(next(model.parameters()).device)
        bos, eos = self._tokenizer.bos_id, self._tokenizer.eos_id
        written = []
        for ids in _continued(model, ids_BT, self._n_new, bos).tolist():
            given, new = ids[: N_GIVEN + 1], ids[N_GIVEN + 1 :]
            new = new[: new.index(eos)] if eos in new else new
            # Cut at a token inside a character, the last one is no character.
            added = self._tokenizer.decode(new).rstrip("\ufffd")
            written.append(f"{self._tokenizer.decode(given)}{BORDER}{added}")
        return written


@torch.no_grad()
def _continued(model: nn.Module, ids_BT: Tensor, n_new: int, bos: int) -> Tensor:
    was_training = model.training
    model.eval()
    for _ in range(n_new):
        logits_BV = model(input_ids=ids_BT, use_cache=False).logits[:, -1].float()
        logits_BV[:, bos] = -torch.inf
        ids_BT = torch.cat([ids_BT, logits_BV.argmax(1, keepdim=True)], dim=1)
    model.train(was_training)
    return ids_BT
