"""Which images of every batch a rank learns from, where several processes train one run.

The batches are those of a single process, cut like a cake: pure functions of numbers, so that nothing is
sent and any number of ranks sees the same batches.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Part:
    """Images from `begin` to before `end` of a batch that has `of`."""

    begin: int
    end: int
    of: int
    counts: bool = True
    """False for an image that is only borrowed: a rank without one of its own takes the step as well."""

    @property
    def share(self) -> float:
        """Of the batch, 0 to 1."""
        return (self.end - self.begin) / self.of if self.counts else 0.0

    def cut(self, drawn: Tensor) -> Tensor:
        """Of numbers (B, …) that are drawn for the whole batch, those of these images."""
        return drawn[self.begin : self.end]


def whole(batch: Tensor) -> Part:
    """All of a batch (B, …)."""
    return Part(0, len(batch), len(batch))


def part_of_rank(batch: int, rank: int, ranks: int) -> Part:
    """Of a batch of so many images; parts differ by one image at most, and all together are the batch."""
    begin, end = batch * rank // ranks, batch * (rank + 1) // ranks
    return Part(begin, end, batch) if begin < end else Part(0, 1, batch, counts=False)


def order_of_rank(order: Tensor, batch_size: int, rank: int, ranks: int) -> Tensor:
    """Of an epoch's order (N,) what a rank visits, its part of every batch one behind the other.

    Every whole batch gives it the same number of images, at least one: `batch_size` is at least `ranks`.
    """
    if ranks == 1:
        return order
    batches = torch.split(order, batch_size)
    last = part_of_rank(len(batches[-1]), rank, ranks)
    each = part_of_rank(batch_size, rank, ranks)
    before = order[: (len(batches) - 1) * batch_size].view(-1, batch_size)[:, each.begin : each.end]
    return torch.cat([before.flatten(), last.cut(batches[-1])])
