"""Logging, set up by entry points only: the library itself never configures it."""

import logging
import os


def set_up(verbose: bool = False) -> None:
    """Send warnings (or everything, when verbose) to stderr and quiet the chatty libraries."""
    level = logging.DEBUG if verbose else logging.WARNING
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")  # nothing here is ever fetched from a hub
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
