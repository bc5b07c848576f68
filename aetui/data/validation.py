"""Training images set aside to choose the best epoch by, so that the test images decide nothing."""

import psutil
import torch

from aetui.data.batches import derived_seed
from aetui.data.images import DataSet, ImageSet
from aetui.errors import AetuiError
from aetui.text import format_bytes

MOST_MEMORY = 0.5
"""Of the free memory, for the copy of the images that are left to learn from."""


def with_validation(data: DataSet, share: float) -> DataSet:
    """The data with this share of its training images, the same in every run, as validation set.

    Raises AetuiError where either part would be empty or the images are too many to be copied.
    """
    images = data.train.images
    count = round(share * len(data.train))
    if not 0 < count < len(data.train):
        raise AetuiError(
            f"A validation share of {share:g} of {len(data.train):,} images leaves none on one side",
            "choose another data.validation_share, or 0",
        )
    if images.nbytes > MOST_MEMORY * psutil.virtual_memory().available:
        raise AetuiError(
            f"The images are too many to be split in memory: {format_bytes(images.nbytes)}",
            "leave data.validation_share at 0",
        )
    order = torch.randperm(
        len(data.train), generator=torch.Generator().manual_seed(derived_seed("validation"))
    )
    held, learned = order[:count].sort().values, order[count:].sort().values
    parts = (ImageSet(images[chosen], data.train.labels[chosen]) for chosen in (learned, held))
    train, validation = parts
    return DataSet(data.title, train, data.test, data.classes, validation)


def evenly_spaced(images: ImageSet, most: int) -> ImageSet:
    """At most so many images, from the whole set: a folder's come class by class."""
    chosen = torch.arange(min(most, len(images))) * len(images) // min(most, len(images))
    return ImageSet(images.images[chosen], images.labels[chosen])
