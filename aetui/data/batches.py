"""Batches by index: the order of an epoch, and uint8 pixels as floating point numbers."""

import hashlib
from collections.abc import Callable, Iterator

import torch

from aetui.data.images import ImageSet

AHEAD = 2
"""Batches that are read from disk while one is used."""


def derived_seed(*parts: object) -> int:
    """A 63-bit seed that is a pure function of `parts`, so that nothing random needs to be stored."""
    digest = hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


def epoch_order(seed: int, epoch: int, count: int) -> torch.Tensor:
    """The order (count,), int64, in which an epoch visits the images: a pure function of its arguments."""
    generator = torch.Generator().manual_seed(derived_seed(seed, "order", epoch))
    return torch.randperm(count, generator=generator)


def batches(
    values: torch.Tensor,
    order: torch.Tensor,
    batch_size: int,
    first: int = 0,
    read_ahead: Callable[[torch.Tensor], None] | None = None,
) -> Iterator[torch.Tensor]:
    """Batches (B, …) of images or labels (N, …) in `order` from batch `first` on; the last may be small.

    `read_ahead` is given the indices of the batches to come, before the batch is used that stands in front.
    """
    fetched = first * batch_size
    order = order.to(values.device)
    for begin in range(first * batch_size, len(order), batch_size):
        if read_ahead:
            read_ahead(order[fetched : begin + (1 + AHEAD) * batch_size])
            fetched = begin + (1 + AHEAD) * batch_size
        yield values.index_select(0, order[begin : begin + batch_size])  # seven times as fast as values[…]


def in_order(image_set: ImageSet, batch_size: int) -> Iterator[ImageSet]:
    """Batches in the set's own order, without copying."""
    split = (torch.split(values, batch_size) for values in (image_set.images, image_set.labels))
    return (ImageSet(*batch) for batch in zip(*split, strict=True))


def to_unit_range(pixels: torch.Tensor, device: torch.device) -> torch.Tensor:
    """uint8 pixels as float32 in [0, 1] on `device`."""
    return pixels.to(device, non_blocking=True).float().div_(255)
