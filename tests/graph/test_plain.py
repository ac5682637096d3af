"""The graph for other programs gives what stock transformers give, in a batch and by a cache."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel

from prompt_gen.graph import plain, weights
from prompt_gen.model import ARCHITECTURES
from tests.graph import graphs


def opened(
    model: PreTrainedModel, where: Path, kind: str = "float32"
) -> onnxruntime.InferenceSession:
    graphs.save(model, where)
    graph = plain.export(where, "hash", weights.KINDS[kind])
    (where / "model.safetensors").unlink()  # it holds all that it needs
    return onnxruntime.InferenceSession(graph)


def run(
    session: onnxruntime.InferenceSession, ids_BS: np.ndarray, mask_BA: np.ndarray, past: list
) -> list[np.ndarray]:
    """Logits, then keys and values."""
    n_new = ids_BS.shape[1]
    positions_BA = np.maximum(mask_BA.cumsum(1) - 1, 0)
    feeds = dict(zip((x.name for x in session.get_inputs()[3:]), past, strict=True))
    feeds |= {
        "input_ids": ids_BS, "attention_mask": mask_BA, "position_ids": positions_BA[:, -n_new:],
    }  # fmt: skip
    return session.run(None, feeds)


def nothing(session: onnxruntime.InferenceSession, n_rows: int) -> list[np.ndarray]:
    shapes = [x.shape for x in session.get_inputs()[3:]]
    return [np.zeros((n_rows, heads, 0, width), np.float32) for _, heads, _, width in shapes]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_row_read_at_once_or_by_a_cache(architecture: str, tmp_path: Path) -> None:
    model = graphs.random_model(architecture)
    session = opened(model, tmp_path)
    ids_BS = np.random.default_rng(0).integers(0, graphs.VOCAB, (3, graphs.CONTEXT))
    ones_BS = np.ones_like(ids_BS)
    with torch.no_grad():
        expected_BSV = model(torch.from_numpy(ids_BS)).logits.numpy()
    whole_BSV, *_ = run(session, ids_BS, ones_BS, nothing(session, 3))
    np.testing.assert_allclose(whole_BSV, expected_BSV, atol=2e-4)
    past = nothing(session, 3)
    for begin, end in ((0, 5), (5, 6), (6, 30), (30, graphs.CONTEXT)):
        found_BSV, *past = run(session, ids_BS[:, begin:end], ones_BS[:, :end], past)
        np.testing.assert_allclose(found_BSV, expected_BSV[:, begin:end], atol=2e-4)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_filling_on_the_left_changes_nothing(architecture: str, tmp_path: Path) -> None:
    session = opened(graphs.random_model(architecture), tmp_path)
    ids_1S = np.random.default_rng(0).integers(0, graphs.VOCAB, (1, 12))
    alone_1SV, *_ = run(session, ids_1S, np.ones_like(ids_1S), nothing(session, 1))
    filled_BS = np.zeros((2, 20), np.int64)
    filled_BS[0, -12:] = ids_1S
    mask_BS = np.ones_like(filled_BS)
    mask_BS[0, :-12] = 0
    found_BSV, *past = run(session, filled_BS, mask_BS, nothing(session, 2))
    np.testing.assert_allclose(found_BSV[0, -12:], alone_1SV[0], atol=1e-4)
    assert all(np.isfinite(each).all() for each in past)


def test_fewer_heads_for_keys_than_for_queries(tmp_path: Path) -> None:
    config = LlamaConfig(
        vocab_size=graphs.VOCAB, hidden_size=96, intermediate_size=160, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64,
    )  # fmt: skip
    torch.manual_seed(0)
    model = LlamaForCausalLM(config).eval()
    session = opened(model, tmp_path)
    ids_BS = np.random.default_rng(0).integers(0, graphs.VOCAB, (2, 20))
    with torch.no_grad():
        expected_BSV = model(torch.from_numpy(ids_BS)).logits.numpy()
    found_BSV, *_ = run(session, ids_BS, np.ones_like(ids_BS), nothing(session, 2))
    np.testing.assert_allclose(found_BSV, expected_BSV, atol=2e-4)


def test_int8_is_smaller_and_near(tmp_path: Path) -> None:
    model = graphs.random_model("qwen3")
    graphs.save(model, tmp_path)
    sizes = [len(plain.export(tmp_path, "hash", multiply)) for multiply in weights.KINDS.values()]
    assert sizes[1] < sizes[0]
    session = opened(model, tmp_path, "int8")
    ids_BS = np.random.default_rng(0).integers(0, graphs.VOCAB, (1, 20))
    with torch.no_grad():
        expected_BSV = model(torch.from_numpy(ids_BS)).logits.numpy()
    found_BSV, *_ = run(session, ids_BS, np.ones_like(ids_BS), nothing(session, 1))
    assert 1e-4 < np.sqrt(np.mean((found_BSV - expected_BSV) ** 2)) / expected_BSV.std() < 0.1
