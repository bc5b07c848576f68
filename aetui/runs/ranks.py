"""The processes that train a run together, as they are told of: a rank each."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from aetui.runs.fields import Count, Words

MOST_RANKS = 64
"""That are told of one by one, those that the others wait for first; a log of hundreds would be too long."""


@dataclass(frozen=True, slots=True)
class Rank:
    """One look at a rank. What is not known is None."""

    rank: Count
    host: Words
    pid: Count
    device: Words
    on_gpu: bool = False
    percent: float | None = None
    """Use of its GPU, or what its process takes of its machine's processors: 0 to 100."""
    memory_used_bytes: Count | None = None
    """Of its GPU, or of its process."""
    memory_total_bytes: Count | None = None
    step_seconds: float | None = None
    """What it computes in a step itself."""
    waiting_seconds: float | None = None
    """What it waits in a step, for other ranks and for the line between them."""


@dataclass(frozen=True, slots=True)
class RanksSampled:
    """A look at all ranks."""

    count: Count
    """How many there are."""
    ranks: Annotated[list[Rank], Field(max_length=MOST_RANKS)]


def chosen(ranks: list[Rank]) -> list[Rank]:
    """As many as are told of, in their order: those that the others wait for before the others."""
    slow = sorted(ranks, key=lambda rank: -(rank.step_seconds or 0.0))[:MOST_RANKS]
    return sorted(slow, key=lambda rank: rank.rank)


def slowest(ranks: list[Rank]) -> Rank | None:
    """The one that computes longest in a step, for which the others wait."""
    timed = [rank for rank in ranks if rank.step_seconds is not None]
    return max(timed, key=lambda rank: rank.step_seconds or 0.0) if len(timed) > 1 else None
