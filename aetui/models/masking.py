"""Patches of images, and which of them are hidden.

Follows He et al., "Masked Autoencoders Are Scalable Vision Learners" (arXiv 2111.06377), and the
conventions of facebookresearch/mae. N images, C channels, L patches of p x p pixels, counted row by row. A
mask is (N, L), bool, True where a patch is hidden.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from aetui.data.batches import derived_seed
from aetui.shapes.patches import visible_patches

GREY = 0.5
"""What stands in for a hidden pixel in the input of a convolution and in pictures, for pixels in [0, 1].

The middle of the range, the same for every data set: black would look like the background of digits, and
with grey the picture that people are shown is the model's input itself.
"""


@dataclass(frozen=True)
class Masking:
    """The patches of each image, drawn by their noise."""

    ids_keep: Tensor
    """(N, V), int64: the visible patches, smallest noise first."""
    ids_restore: Tensor
    """(N, L), int64: each patch's rank when they are sorted by noise; undoes the sorting."""
    mask: Tensor
    """(N, L), bool: True where a patch is hidden."""


def masking(noise: Tensor, ratio: float) -> Masking:
    """Keep the int(L (1 - ratio)) patches with the smallest noise (N, L); of equal ones the earlier."""
    keep = visible_patches(noise.shape[1], ratio)
    ids_shuffle = noise.argsort(dim=1, stable=True)
    ids_restore = ids_shuffle.argsort(dim=1)
    return Masking(ids_shuffle[:, :keep], ids_restore, ids_restore >= keep)


def mask_noise(seed: int, indices: Tensor, patches: int) -> Tensor:
    """Noise (N, patches) in [0, 1), float32: a function of the seed and each image's index (N,), int64.

    The patches are counted through all images and the count is hashed, so no batch size, order or device
    matters.
    """
    key = derived_seed(seed, "mask")
    count = indices[:, None] * patches + torch.arange(patches, device=indices.device)
    mixed = _mix(_mix((count ^ key) & 0xFFFFFFFF) ^ (key >> 32))
    return (mixed >> 8).float() / 2**24


def patchify(images: Tensor, patch: int) -> Tensor:
    """Images (N, C, H, W) as patches (N, L, p p C): row by row, the channel last inside a patch."""
    count, channels, height, width = images.shape
    cut = images.reshape(count, channels, height // patch, patch, width // patch, patch)
    return cut.permute(0, 2, 4, 3, 5, 1).reshape(count, -1, patch * patch * channels)


def unpatchify(patches: Tensor, image: tuple[int, ...], patch: int) -> Tensor:
    """The inverse of `patchify`: patches (N, L, p p C) as images (N, C, H, W), `image` being (C, H, W)."""
    channels, height, width = image
    cut = patches.reshape(-1, height // patch, width // patch, patch, patch, channels)
    return cut.permute(0, 5, 1, 3, 2, 4).reshape(-1, channels, height, width)


def hidden_pixels(mask: Tensor, image: tuple[int, ...], patch: int) -> Tensor:
    """A mask (N, L) as pixels (N, 1, H, W), bool, `image` being (C, H, W)."""
    grid = mask.view(-1, 1, image[1] // patch, image[2] // patch)
    return grid.repeat_interleave(patch, 2).repeat_interleave(patch, 3)


def hidden_mean(values: Tensor, mask: Tensor) -> Tensor:
    """The mean (N,) of each image's values (N, L) over its hidden patches; over all where none is hidden."""
    counted = mask | ~mask.any(1, keepdim=True)
    return (values * counted).sum(1) / counted.sum(1)


def _mix(bits: Tensor) -> Tensor:
    """A bijection of 32-bit numbers in int64 that changes every bit with half of the others.

    Shifts and multiplications as in the finaliser of MurmurHash3; both factors are below 2^31, so that no
    product leaves int64.
    """
    for factor, shift in ((0x2C1B3C6D, 15), (0x297A2D39, 12)):
        bits = ((bits ^ (bits >> shift)) * factor) & 0xFFFFFFFF
    return bits ^ (bits >> 15)
