"""What every data set becomes: uint8 images and integer labels."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import psutil
import torch

from aetui.errors import AetuiError
from aetui.text import format_bytes

MOST_MEMORY = 0.5
"""Of the free memory, for a copy of images that are chosen from a set."""
FINGERPRINT_IMAGES = 1000
PIECE_BYTES = 16_000_000


@dataclass(frozen=True)
class ImageSet:
    """Images (N, C, H, W), uint8, and their class indices (N,), int64.

    The images may live in memory, on a device, or in a file mapped into memory.
    """

    images: torch.Tensor
    labels: torch.Tensor
    read_ahead: Callable[[torch.Tensor], None] | None = None
    """Has images of these indices (B,) fetched from disk while others are used, where they lie there."""

    def __len__(self) -> int:
        return self.images.shape[0]

    @property
    def fingerprint(self) -> str:
        """The number of images, and a sum over a thousand of them, evenly spread, that tells sets apart.

        Another of a larger set may change unnoticed.
        """
        return f"{len(self)} ({sum_of_some(self.images)})"

    @property
    def label_sum(self) -> str:
        """A sum over the labels of all images."""
        return _sum(self.labels)


def sum_of_some(images: torch.Tensor) -> str:
    """Over a thousand of the images (N, …), evenly spread."""
    return _sum(images[:: max(1, len(images) // FINGERPRINT_IMAGES)])


def _sum(values: torch.Tensor) -> str:
    """Piece by piece, so that what is mapped from disk is never all in memory."""
    digest = hashlib.blake2b(digest_size=4)
    for piece in torch.split(values, max(1, PIECE_BYTES // max(1, values[:1].nbytes))):
        digest.update(piece.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class DataSet:
    """A train and a test set with the names of their classes; `title` is what people read.

    Where there is a validation set, the best epoch is chosen by it.
    """

    title: str
    train: ImageSet
    test: ImageSet
    classes: tuple[str, ...]
    validation: ImageSet | None = None
    abnormal: tuple[int, ...] = ()
    """Classes that only the test set has, and that its errors should tell apart."""


def copied(images: ImageSet, chosen: torch.Tensor) -> ImageSet:
    """The images with these indices (n,), in memory. Raises AetuiError where they are too many."""
    size = len(chosen) * images.images[:1].nbytes
    if size > MOST_MEMORY * psutil.virtual_memory().available:
        raise AetuiError(
            f"The images are too many to be split in memory: {format_bytes(size)}",
            "leave data.validation_share at 0 and data.abnormal empty",
        )
    return ImageSet(images.images[chosen], images.labels[chosen])
