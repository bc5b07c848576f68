"""The test after every epoch."""

from collections.abc import Callable

import torch
from torch import nn

from aetui.data.batches import in_order
from aetui.data.images import ImageSet
from aetui.training.objective import Objective

LARGEST_BATCH = 1000
LARGEST_BATCH_VALUES = 16_000_000
"""Pixel values in a test batch; large images come in smaller batches."""


@torch.inference_mode()
def test_loss(model: nn.Module, test: ImageSet, objective: Objective, between: Callable[[], None]) -> float:
    """Mean squared error per pixel over all test images, each weighing the same.

    `between` is called between two batches and may raise to leave the test.
    """
    model.eval()
    total = torch.zeros((), device=objective.device)
    for number, pixels in enumerate(in_order(test, _batch_size(test))):
        between()
        total += objective.loss(model, pixels, "test", number) * len(pixels)
    return total.item() / len(test)


def _batch_size(test: ImageSet) -> int:
    """The same at every epoch, so that noisy inputs are the same too."""
    return max(1, min(LARGEST_BATCH, LARGEST_BATCH_VALUES // test.images[0].numel()))
