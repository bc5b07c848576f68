"""The no-learning floor of masked images: what filling in from visible neighbours alone reaches.

A masked autoencoder has learned something about images once its error lies below. N images, C channels.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from aetui.data.batches import to_unit_range
from aetui.data.images import ImageSet
from aetui.models.masked_autoencoder import MaskedAutoencoder
from aetui.models.masking import hidden_pixels, mask_noise, masking
from aetui.runs.events import FloorMeasured

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
    model: MaskedAutoencoder,
    test: ImageSet,
    seed: int,
    device: torch.device,
    between: Callable[[], None] = lambda: None,
    abnormal: Tensor | None = None,
    count: int = 2000,
) -> FloorMeasured:
    """The losses that the model must beat, averaged over images; see `FloorMeasured`.

    Takes `count` test images that are not `abnormal` (N,), fewer of large ones, or all, evenly spaced. Each
    has the mask that `mask_noise` gives it by its index in the set, as in the test of a model. `between` is
    called between two batches and may raise to leave.
    """
    _, height, width = test.images[0].shape
    affordable = max(LEAST_IMAGES, MOST_WORK // (height * width * max(height, width)))
    there = torch.arange(len(test)) if abnormal is None else (~abnormal.cpu()).nonzero().flatten()
    count = min(count, affordable, len(there))
    indices = there[torch.arange(count) * len(there) // count]
    errors = []
    for some in torch.split(indices, max(1, BATCH_VALUES // test.images[0].numel())):
        between()
        images = to_unit_range(test.images[some.to(test.images.device)], device)
        noise = mask_noise(seed, some.to(device), model.patches)
        errors.append(_errors(model, images, masking(noise, model.mask_ratio).mask))
    pixels, *others = torch.cat(errors, dim=1).cpu().double().mean(1).tolist()
    if not others:
        return FloorMeasured(pixels)
    filled, zeros, perfect = others
    return FloorMeasured(min(filled, zeros), pixels, perfect)


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


def _errors(model: MaskedAutoencoder, images: Tensor, mask: Tensor) -> Tensor:
    """Of images (N, C, H, W) under a mask (N, L), by row: (1, N), or (4, N) where the targets are no pixels.

    The error in pixels of the images filled in; the losses of the filled patches and of 0; the error in
    pixels of perfect predictions.
    """
    hidden = hidden_pixels(mask, model.image, model.patch)[:, 0]
    filled = neighbour_interpolation(images, hidden)
    pixels = model.pixel_errors(images, filled, mask)
    if model.learns_pixels:
        return pixels[None]
    targets = model.targets(images)
    guesses = (model.targets(filled), torch.zeros_like(targets))
    losses = [model.losses(images, guess, mask) for guess in guesses]
    perfect = model.pixel_errors(images, model.to_pixels(targets, images, mask), mask)
    return torch.stack([pixels, *losses, perfect])
