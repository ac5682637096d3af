"""Bundles of every architecture and kind of vocabulary whose every weight matters."""

from pathlib import Path

from prompt_gen import bundle
from prompt_gen.bundle import Bundle
from prompt_gen.graph import completing, weights
from prompt_gen.run import Run
from prompt_gen.vocab import load_tokenizer
from tests.replay.stock import stock_directory


def bundle_of(where: Path, architecture: str, kind: str) -> Bundle:
    """Random weights, a tokenizer of some lines, and the graph in int8 as it usually is."""
    stock = where / "stock"
    stock.mkdir()
    stock_directory(stock, architecture, kind)
    tokenizer = load_tokenizer(stock)
    graph = completing.export(stock, tokenizer.hash, weights.KINDS["int8"])
    facts = {"architecture": architecture, "vocab_kind": kind, "vocab_size": tokenizer.size}
    return bundle.write(Run(where / "run"), stock, tokenizer, graph, facts)
