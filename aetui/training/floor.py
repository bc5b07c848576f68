"""The no-learning floor of masked images: what filling in from visible neighbours alone reaches.

A masked autoencoder has learned something about images once its error lies below. N images, C channels.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from aetui.data.batches import to_unit_range
from aetui.data.images import ImageSet
from aetui.models.masking import hidden_pixels, mask_noise, masking

POWER = 4
"""Weights fall with distance^-4. Of the powers from 2 to 8 and of Gaussian and exponential weights of any
width it leaves the smallest error on CIFAR-10, for patches of 2, 4 and 8 pixels alike."""
MOST_WORK = 2000 * 32**3
"""Pixels times the longer side, of all images together: the time that 2,000 images of 32x32 take."""
LEAST_IMAGES = 16
BATCH_VALUES = 200_000
"""Pixel values of the images filled in at once: bounds the memory."""


@torch.inference_mode()
def floor(
    test: ImageSet,
    patch: int,
    ratio: float,
    seed: int,
    device: torch.device,
    between: Callable[[], None] = lambda: None,
    count: int = 2000,
) -> float:
    """Mean squared error per hidden pixel, averaged over images, of `neighbour_interpolation`.

    Takes `count` test images, fewer of large ones, or all, evenly spaced. Each has the mask that `mask_noise`
    gives it by its index in the set, as in the test of a model. `between` is called between two batches and
    may raise to leave.
    """
    _, height, width = test.images[0].shape
    affordable = max(LEAST_IMAGES, MOST_WORK // (height * width * max(height, width)))
    count = min(count, affordable, len(test))
    indices = torch.arange(count) * len(test) // count
    errors = []
    for some in torch.split(indices, max(1, BATCH_VALUES // test.images[0].numel())):
        between()
        pixels = test.images[some.to(test.images.device)]
        errors.append(_errors(pixels, some, patch, ratio, seed, device))
    return torch.cat(errors).double().mean().item()


def neighbour_interpolation(images: Tensor, hidden: Tensor) -> Tensor:
    """Images (N, C, H, W) with their hidden pixels (N, H, W), bool, filled in; hidden values are not read.

    A hidden pixel is the mean of all visible ones of its image, weighted by about distance^-4. The weight
    is a sum of Gaussians whose widths double, each with width^-4 before it. A Gaussian is a product of one
    factor for the rows and one for the columns, so images of any size cost two small matrix products a
    width. Every image needs a visible pixel.
    """
    hidden = hidden[:, None]
    known = torch.cat([images.masked_fill(hidden, 0), (~hidden).to(images.dtype)], dim=1)  # (N, C + 1, H, W)
    summed = torch.zeros_like(known)
    width = 0.5
    while width < 2 * max(images.shape[2:]):
        rows, columns = (_gaussian(length, width, images) for length in images.shape[2:])
        summed += width**-POWER * (rows @ known @ columns)
        width *= 2
    return torch.where(hidden, summed[:, :-1] / summed[:, -1:], images)


def _gaussian(length: int, width: float, like: Tensor) -> Tensor:
    """exp(-distance^2 / (2 width^2)) between the places of a line: (length, length)."""
    places = torch.arange(length, dtype=like.dtype, device=like.device)
    return ((places[:, None] - places) / width).square().mul(-0.5).exp()


def _errors(
    pixels: Tensor, indices: Tensor, patch: int, ratio: float, seed: int, device: torch.device
) -> Tensor:
    """Mean squared error per hidden pixel of each image: (N,), of pixels (N, C, H, W), uint8."""
    images = to_unit_range(pixels, device)
    _, channels, height, width = images.shape
    patches = height // patch * (width // patch)
    mask = masking(mask_noise(seed, indices.to(device), patches), ratio).mask
    hidden = hidden_pixels(mask, (channels, height, width), patch)[:, 0]
    squares = (neighbour_interpolation(images, hidden) - images).square()  # 0 where a pixel is visible
    return squares.flatten(1).sum(1) / (channels * hidden.flatten(1).sum(1))
