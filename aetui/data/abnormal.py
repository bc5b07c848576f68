"""Classes that count as abnormal: nothing is learned from their images, all of them are tested."""

from collections.abc import Sequence

import torch
from torch import Tensor

from aetui.data.images import DataSet, ImageSet, copied
from aetui.errors import UsageError
from aetui.text import safe_text


def with_abnormal(data: DataSet, names: Sequence[str]) -> DataSet:
    """The data with the images of these classes in the test set alone, the others as they were.

    Raises UsageError for a class that is not there, and where nothing normal or nothing abnormal is left;
    AetuiError where the images are too many to be copied.
    """
    classes = ", ".join(map(safe_text, data.classes))
    for name in names:
        if name not in data.classes:
            raise UsageError(f"There is no class {safe_text(name)} in {data.title}", f"there are: {classes}")
    abnormal = tuple(data.classes.index(name) for name in names)
    apart, tested = (is_among(images.labels, abnormal) for images in (data.train, data.test))
    for kinds, purpose in ((apart, "train"), (tested, "test")):
        if kinds.all():
            raise UsageError(
                f"Of {data.title} no image is left to {purpose} on that is not of an abnormal class",
                "name fewer classes in data.abnormal, or add images",
            )
    train, test = data.train, data.test
    if apart.any():
        moved = copied(train, apart.nonzero().flatten())
        train = copied(train, (~apart).nonzero().flatten())
        test = ImageSet(torch.cat([test.images, moved.images]), torch.cat([test.labels, moved.labels]))
    return DataSet(data.title, train, test, data.classes, abnormal=abnormal)


def is_among(labels: Tensor, abnormal: Sequence[int]) -> Tensor:
    """Which labels (N,) are of these classes: (N,), bool."""
    return torch.isin(labels, torch.tensor(abnormal, dtype=labels.dtype, device=labels.device))
