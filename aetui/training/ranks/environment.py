"""Which rank this process is, as torchrun says it in the environment.

https://docs.pytorch.org/docs/stable/elastic/run.html#environment-variables
"""

import os
import socket
from collections.abc import Mapping

LOOPBACK = "127.0.0.1"
LAUNCHER = "AETUI_LAUNCHER"
_PARENT = os.getppid()


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


def is_on_several_machines() -> bool:
    """Whether not all of them are on this one."""
    return ranks() > local_ranks()


def restarts() -> int:
    """How often torchrun has started the ranks anew, after one on this machine was lost."""
    return int(os.environ["TORCHELASTIC_RESTART_COUNT"]) if ranks() > 1 else 0


def is_by_torchrun() -> bool:
    """Whether torchrun started this process, and not `aetui` itself."""
    return ranks() > 1 and LAUNCHER not in os.environ


def is_orphaned() -> bool:
    """Whether who started this process is gone; it may be so from the beginning."""
    return os.getppid() != int(os.environ.get(LAUNCHER, _PARENT))


def told_by_us(rank: int, count: int, port: int, mark: str) -> dict[str, str]:
    """What a rank is told where aetui starts all of them here; their store is at this `port`."""
    return {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(count),
        "LOCAL_WORLD_SIZE": str(count),
        "MASTER_ADDR": LOOPBACK,
        "MASTER_PORT": str(port),
        LAUNCHER: str(os.getpid()),
        "TORCHELASTIC_RUN_ID": mark,
        "TORCHELASTIC_RESTART_COUNT": "0",
        "TORCHELASTIC_USE_AGENT_STORE": "True",
        "TORCH_NCCL_ASYNC_ERROR_HANDLING": "1",
    }


def without_rank(environ: Mapping[str, str]) -> dict[str, str]:
    """For a program that is none of the ranks, though one of them starts it."""
    return {name: value for name, value in environ.items() if name not in ("TORCHELASTIC_RUN_ID", LAUNCHER)}


def name() -> str:
    """What people call this process: its rank and its machine."""
    return f"rank {rank()} on {socket.gethostname()}"
