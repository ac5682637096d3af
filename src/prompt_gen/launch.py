"""What a launcher (torchrun, accelerate launch) tells the processes that it starts.

It starts the same command several times, and says in the environment who is who.
"""

import os
import sys
from typing import NoReturn


def n_processes() -> int:
    """How many there are; 1 without a launcher."""
    return _told("WORLD_SIZE", 1) if "RANK" in os.environ else 1


def rank() -> int:
    """The number of this process, from 0."""
    return _told("RANK", 0) if n_processes() > 1 else 0


def is_first() -> bool:
    """Whether this is the process that prints and writes."""
    return rank() == 0


def local_rank() -> int:
    """The number of this process on its machine, from 0: that of its GPU."""
    return _told("LOCAL_RANK", rank()) if n_processes() > 1 else 0


def n_local() -> int:
    """How many of the processes are on this machine."""
    return _told("LOCAL_WORLD_SIZE", n_processes()) if n_processes() > 1 else 1


def leave() -> NoReturn:
    """End a process that has trained with others, at once and well.

    Threads of gloo may still let go of tensors, for which they ask for Python's lock; where Python
    is being taken down meanwhile, that aborts the process, and the launcher ends all others.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _told(name: str, otherwise: int) -> int:
    value = os.environ.get(name, "")
    return int(value) if value.isdigit() else otherwise
