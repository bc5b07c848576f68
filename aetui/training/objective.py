"""What is learned: return the clean image; how far off that is, averaged over images."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from aetui.config.train import LossName
from aetui.data.augmentation import augment
from aetui.data.batches import derived_seed, to_unit_range
from aetui.data.images import ImageSet
from aetui.data.parts import Part, whole

Examples = tuple[Tensor, ...]
"""What a step learns from: each tensor has an entry an image."""


def _absolute_errors(reconstructions: Tensor, images: Tensor) -> Tensor:
    """Of images (B, C, H, W) the mean absolute error per pixel: (B,)."""
    return (reconstructions - images).abs().flatten(1).mean(1)


def _cross_entropies(reconstructions: Tensor, images: Tensor) -> Tensor:
    """Of images (B, C, H, W) the binary cross-entropy in nats, a pixel being a probability: (B,)."""
    numbers = reconstructions.nan_to_num(0.5)  # a NaN would end the process on a GPU
    losses = F.binary_cross_entropy(numbers, images, reduction="none")
    return (losses + (reconstructions - reconstructions)).flatten(1).sum(1)


MEASURES = {"l1": _absolute_errors, "bce": _cross_entropies}
"""What an autoencoder may learn besides the mean squared error."""


@dataclass(frozen=True)
class StepLoss:
    """Of one batch, scalars on the device."""

    trained: Tensor
    """What the step makes smaller."""
    told: Tensor
    """The loss that people see, as in `Tested`; mostly the same tensor."""
    pixels: Tensor | None = None
    """The mean squared error in pixels, where the loss measures something else."""

    def detached(self) -> "StepLoss":
        """Without what gradients are computed by."""
        return StepLoss(self.trained.detach(), self.told.detach(), self.pixels)

    def times(self, share: float) -> "StepLoss":
        """Of the part of a batch that has this share of its images."""
        pixels = None if self.pixels is None else self.pixels * share
        return StepLoss(self.trained * share, self.told * share, pixels)


def sum_of(parts: Sequence[StepLoss]) -> StepLoss:
    """Of the whole batch, without gradients; `parts` are those of its `times`, or itself alone."""
    if len(parts) == 1:
        return parts[0].detached()
    trained = torch.stack([part.trained.detach() for part in parts]).sum()
    told = torch.stack([part.told.detach() for part in parts]).sum()
    pixels = [part.pixels for part in parts if part.pixels is not None]
    return StepLoss(trained, told, torch.stack(pixels).sum() if pixels else None)


@dataclass(frozen=True)
class Tested:
    """A batch of test images and what became of them, on the device."""

    errors: Tensor
    """What people see of every image, and the loss unless there are `losses`: mean squared error per pixel,
    per hidden pixel where some are, or the cross-entropy where classes are told apart. (B,), float32."""
    views: dict[str, Tensor]
    """Named as in `aetui.pictures.sheet.VIEWS`: (B, C, H, W), float32."""
    losses: Tensor | None = None
    """The loss of every image, where it is something else: (B,), float32."""
    predicted: Tensor | None = None
    """The class that was found for an image, where classes are told apart: (B,), int64."""
    similarities: Tensor | None = None
    """The structural similarity of every image and what came back: (B,), float32."""


@dataclass(frozen=True)
class Objective:
    """How a batch is given to the model and compared with what comes back.

    Everything random is a pure function of the run's seed and the step or the test image.
    """

    device: torch.device
    seed: int
    noise_std: float = 0.0
    """Of the Gaussian noise added to what the model is given, in units of the pixel range [0, 1]."""
    bf16: bool = False
    """Compute the model in bfloat16 under autocast; the loss stays float32."""
    flip: bool = False
    """Mirror training images left to right with probability one half."""
    crop_scale: float = 1.0
    """Least share of the area that a random crop of a training image keeps; 1 crops nothing."""
    measure: LossName = "mse"
    """The loss of an autoencoder, as `TrainSection.loss` says."""

    needs_labels: ClassVar[bool] = False
    """Whether `examples` wants the labels of its batch."""
    needs_whole_batches: ClassVar[bool] = False
    """Whether it wants all images of a batch also where only a part of them is learned from."""

    def examples(
        self, model: nn.Module, pixels: Tensor, labels: Tensor | None, step: int, part: Part | None = None
    ) -> Examples:
        """What `loss` takes, drawn for a whole training batch.

        So a batch that is computed in parts is the same batch. `pixels` are (B, C, H, W), uint8, `labels`
        (B,), int64, if they are needed, and `step` is the number of the batch. Where only a `part` is learned
        from, they are that part, unless `needs_whole_batches`.
        """
        part = part or whole(pixels)
        clean = self.augmented(pixels, step, part)
        return self._given(clean, part, self.device, "train", step), clean

    def loss(self, model: nn.Module, *examples: Tensor) -> StepLoss:
        """The mean over examples, or a part of them."""
        given, clean = examples
        reconstruction = self.run(model, given)
        squared = F.mse_loss(reconstruction, clean)
        if self.measure == "mse":
            return StepLoss(squared, squared)
        loss = MEASURES[self.measure](reconstruction, clean).mean()
        return StepLoss(loss, loss, squared.detach())

    def tells_pixels(self, model: nn.Module) -> bool:
        """Whether the mean squared error in pixels is told beside the loss, which is something else."""
        return self.measure != "mse"

    def test(self, model: nn.Module, batch: ImageSet, number: int, first: int) -> Tested:
        """Test batch `number`, whose first image has the index `first`."""
        clean = to_unit_range(batch.images, self.device)
        given = self._given(clean, whole(clean), torch.device("cpu"), "test", number)  # alike on all devices
        reconstruction = self.run(model, given)
        noisy = {"given": given} if self.noise_std else {}
        errors = (reconstruction - clean).square().flatten(1).mean(1)
        losses = MEASURES[self.measure](reconstruction, clean) if self.measure != "mse" else None
        return Tested(errors, {"original": clean, **noisy, "reconstruction": reconstruction}, losses)

    def generator(self, *occasion: object) -> Generator:
        """Random numbers on the device for one occasion of this run."""
        return Generator(self.device).manual_seed(derived_seed(self.seed, *occasion))

    def augmented(self, pixels: Tensor, step: int, part: Part) -> Tensor:
        """Training images (B, C, H, W), uint8, as float32 in [0, 1], cropped and mirrored if asked for."""
        images = to_unit_range(pixels, self.device)
        if not self.flip and self.crop_scale == 1:
            return images
        generator = self.generator("augment", step)
        if self.crop_scale == 1:
            mirrored = part.cut(torch.rand(part.of, 1, 1, 1, generator=generator, device=self.device) < 0.5)
            return torch.where(mirrored, images.flip(-1), images)
        return augment(images, generator, (self.crop_scale, 1.0), flip=0.5 if self.flip else 0.0, part=part)

    def run(self, model: nn.Module, *inputs: Tensor) -> Tensor:
        """What the model makes of its inputs, as float32."""
        output: Tensor
        if not self.bf16:
            output = model(*inputs)
            return output
        with torch.autocast(self.device.type, torch.bfloat16):
            output = model(*inputs)
        return output.float()

    def _given(self, clean: Tensor, part: Part, drawn_on: torch.device, *occasion: object) -> Tensor:
        if not self.noise_std:
            return clean
        generator = Generator(drawn_on).manual_seed(derived_seed(self.seed, "noise", *occasion))
        noise = torch.randn(part.of, *clean.shape[1:], generator=generator, device=drawn_on)
        return part.cut(noise).to(self.device).mul_(self.noise_std).add_(clean)
