"""The graph at its limits."""

from pathlib import Path

import numpy as np
import pytest

from prompt_gen.engine.language_model import chain
from prompt_gen.graph import completing
from prompt_gen.model import ARCHITECTURES
from tests.graph import graphs


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_pass_may_read_more_tokens_than_stand_behind_each_other(
    architecture: str, tmp_path: Path
) -> None:
    model = graphs.random_model(architecture)
    graphs.save(model, tmp_path)
    graph = graphs.load(completing.export(tmp_path, "hash"), tmp_path)
    ids_BS = np.random.default_rng(0).integers(0, graphs.VOCAB, (5, 20))
    before = [each for row in range(5) for each in chain(20, at=20 * row)]
    assert ids_BS.size > graph.context
    probs_TV, _ = graph.read(ids_BS.ravel().tolist(), before, range(ids_BS.size))
    expected = graphs.stock_logprobs(model, ids_BS).reshape(ids_BS.size, -1)
    np.testing.assert_allclose(np.log(probs_TV), expected, atol=1e-4)
