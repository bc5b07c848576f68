"""What all masked autoencoders have in common, so that training and pictures treat them alike."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from aetui.models.masking import GREY, hidden_mean, hidden_pixels, patchify, unpatchify
from aetui.shapes.patches import patch_grid
from aetui.shapes.sizes import Size


class MaskedAutoencoder(nn.Module, ABC):
    """Images (N, C, H, W) with hidden patches in, predictions (N, L, p p C) of all patches out.

    Which patches are hidden is decided by noise that is handed in, so one image's mask can be kept fixed.
    `mask_ratio` may be changed between two steps that are not captured (`StepGraph`). Pixels are in [0, 1].
    """

    learns_what_it_tells = True
    """Whether the targets are pixels in [0, 1], so that what is trained on is also what is reported."""
    learns_pixels = True
    """Whether they are pixels in some units, so that what is reported falls with what is trained on."""

    def __init__(self, image: Size, patch: int, mask_ratio: float) -> None:
        super().__init__()
        rows, columns = patch_grid(image, patch)
        self.image = image
        self.patch = patch
        self.mask_ratio = mask_ratio
        self.patches = rows * columns

    @abstractmethod
    def forward(self, images: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Predictions (N, L, p p C) and mask (N, L), bool, of images (N, C, H, W) under noise (N, L)."""

    @abstractmethod
    def features(self, images: Tensor) -> Tensor:
        """What a probe reads of images (N, C, H, W), nothing hidden: (N, D)."""

    def targets(self, images: Tensor) -> Tensor:
        """What the predictions should be: (N, L, p p C)."""
        return patchify(images, self.patch)

    def loss(self, images: Tensor, prediction: Tensor, mask: Tensor) -> Tensor:
        """The mean of `losses` over the images."""
        return self.losses(images, prediction, mask).mean()

    def losses(self, images: Tensor, prediction: Tensor, mask: Tensor) -> Tensor:
        """Each image's mean squared error over its hidden patches, (N,); over all when none is hidden."""
        return hidden_mean((prediction - self.targets(images)).square().mean(-1), mask)

    def to_pixels(self, prediction: Tensor, images: Tensor, mask: Tensor) -> Tensor:
        """The predictions as images (N, C, H, W)."""
        return unpatchify(prediction, self.image, self.patch)

    def pixel_errors(self, images: Tensor, reconstructions: Tensor, mask: Tensor) -> Tensor:
        """Each image's mean squared error per hidden pixel, (N,); over all pixels where none is hidden."""
        return hidden_mean(patchify((reconstructions - images).square(), self.patch).mean(-1), mask)

    def given(self, images: Tensor, mask: Tensor) -> Tensor:
        """The images with their hidden patches grey."""
        return images.masked_fill(hidden_pixels(mask, self.image, self.patch), GREY)

    def pasted(self, images: Tensor, reconstructions: Tensor, mask: Tensor) -> Tensor:
        """The reconstructions where patches are hidden, the images where they are visible."""
        return torch.where(hidden_pixels(mask, self.image, self.patch), reconstructions, images)
