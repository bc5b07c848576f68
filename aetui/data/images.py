"""What every data set becomes: uint8 images and integer labels."""

import hashlib
from dataclasses import dataclass

import torch

FINGERPRINT_IMAGES = 1000


@dataclass(frozen=True)
class ImageSet:
    """Images (N, C, H, W), uint8, and their class indices (N,), int64.

    The images may live in memory, on a device, or in a file mapped into memory.
    """

    images: torch.Tensor
    labels: torch.Tensor

    def __len__(self) -> int:
        return self.images.shape[0]

    @property
    def fingerprint(self) -> str:
        """The number of images, and a sum over a thousand of them, evenly spread, that tells sets apart."""
        spread = self.images[:: max(1, len(self) // FINGERPRINT_IMAGES)].cpu().contiguous()
        return f"{len(self)} ({hashlib.blake2b(spread.numpy().tobytes(), digest_size=4).hexdigest()})"


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
