"""What the manifest, the card and the page say about a bundle."""

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prompt_gen import __version__
from prompt_gen.corpus import Corpus
from prompt_gen.settings import RunConfig
from prompt_gen.text import frequent_starts, script
from prompt_gen.vocab import Tokenizer

if TYPE_CHECKING:
    from prompt_gen.model import Shape


def of_bundle(
    documents: Corpus,
    tokenizer: Tokenizer,
    config: RunConfig,
    shape: "Shape",
    trained: dict[str, Any],
) -> dict[str, Any]:
    """Facts by name: where it comes from, what it is, how it was trained."""
    corpus_facts = {k: v for k, v in documents.facts.items() if k not in ("files", "fingerprint")}
    corpus_facts["canaries"] = [canary["count"] for canary in documents.facts.get("canaries", [])]
    return {
        "version": __version__,
        "corpus": corpus_facts | {"fingerprint": documents.fingerprint},
        "script": script("".join(islice(documents.train, 1000))),
        "examples": frequent_starts(documents.train),
        "vocab_kind": config.vocab.origin,
        "vocab_size": tokenizer.size,
        "architecture": config.model.architecture,
        "shape": f"{shape.layers} x {shape.width}",
        "training": trained,
    } | ({"pretrained": Path(config.model.pretrained).name} if config.model.pretrained else {})
