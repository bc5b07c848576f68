"""What every data set becomes: uint8 images and integer labels."""

from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class ImageSet:
    """Images (N, C, H, W), uint8, and their class indices (N,), int64.

    The images may live in memory, on a device, or in a file mapped into memory.
    """

    images: torch.Tensor
    labels: torch.Tensor

    def __len__(self) -> int:
        return self.images.shape[0]


@dataclass(frozen=True)
class DataSet:
    """A train and a test set with the names of their classes; `title` is what people read."""

    title: str
    train: ImageSet
    test: ImageSet
    classes: tuple[str, ...]
