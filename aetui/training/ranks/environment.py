"""Which rank this process is, as torchrun says it in the environment.

https://docs.pytorch.org/docs/stable/elastic/run.html#environment-variables
"""

import os
import socket


def ranks() -> int:
    """How many processes train together; 1 where torchrun started none."""
    return int(os.environ["WORLD_SIZE"]) if "TORCHELASTIC_RUN_ID" in os.environ else 1


def rank() -> int:
    """This one of them, from 0; rank 0 has the run's folder."""
    return int(os.environ["RANK"]) if ranks() > 1 else 0


def local_rank() -> int:
    """This one of those on this machine: which of its GPUs it takes."""
    return int(os.environ["LOCAL_RANK"]) if ranks() > 1 else 0


def local_ranks() -> int:
    """How many of them are on this machine."""
    return int(os.environ["LOCAL_WORLD_SIZE"]) if ranks() > 1 else 1


def restarts() -> int:
    """How often torchrun has started the ranks anew, after one was lost."""
    return int(os.environ["TORCHELASTIC_RESTART_COUNT"]) if ranks() > 1 else 0


def name() -> str:
    """What people call this process: its rank and its machine."""
    return f"rank {rank()} on {socket.gethostname()}"
