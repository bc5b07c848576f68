"""Training images set aside to choose the best epoch by, so that the test images decide nothing."""

from dataclasses import replace

import torch

from aetui.data.batches import derived_seed
from aetui.data.images import DataSet, ImageSet, copied
from aetui.errors import AetuiError


def with_validation(data: DataSet, share: float) -> DataSet:
    """The data with this share of its training images, the same in every run, as validation set.

    Raises AetuiError where either part would be empty or the images are too many to be copied.
    """
    count = round(share * len(data.train))
    if not 0 < count < len(data.train):
        raise AetuiError(
            f"A validation share of {share:g} of {len(data.train):,} images leaves none on one side",
            "choose another data.validation_share, or 0",
        )
    order = torch.randperm(
        len(data.train), generator=torch.Generator().manual_seed(derived_seed("validation"))
    )
    held, learned = order[:count].sort().values, order[count:].sort().values
    return replace(data, train=copied(data.train, learned), validation=copied(data.train, held))


def evenly_spaced(images: ImageSet, most: int) -> ImageSet:
    """At most so many images, from the whole set: a folder's come class by class."""
    chosen = torch.arange(min(most, len(images))) * len(images) // min(most, len(images))
    return copied(images, chosen)
