"""What a masked autoencoder learns: the patches that it was not shown. He et al., arXiv 2111.06377."""

from dataclasses import dataclass

import torch
from torch import Tensor

from aetui.data.batches import to_unit_range
from aetui.data.images import ImageSet
from aetui.data.parts import Part, whole
from aetui.models.masked_autoencoder import MaskedAutoencoder
from aetui.models.masking import mask_noise
from aetui.training.objective import Objective, StepLoss, Tested


@dataclass(frozen=True)
class MaskedObjective(Objective):
    """Every training step draws new masks; every test image keeps its own."""

    def examples(  # type: ignore[override]
        self,
        model: MaskedAutoencoder,
        pixels: Tensor,
        labels: Tensor | None,
        step: int,
        part: Part | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Images (B, C, H, W) and the noise (B, L) that hides their patches; labels are not read."""
        part = part or whole(pixels)
        images = self.augmented(pixels, step, part)
        generator = self.generator("mask", step)
        noise = torch.rand(part.of, model.patches, generator=generator, device=self.device)
        return images, part.cut(noise)

    def loss(self, model: MaskedAutoencoder, *examples: Tensor) -> StepLoss:  # type: ignore[override]
        images, noise = examples
        prediction, mask = self._predict(model, images, noise)
        loss = model.loss(images, prediction, mask)
        if model.learns_what_it_tells:
            return StepLoss(loss, loss)
        with torch.no_grad():
            reconstruction = model.to_pixels(prediction, images, mask)
            pixels = model.pixel_errors(images, reconstruction, mask).mean()
        return StepLoss(loss, pixels) if model.learns_pixels else StepLoss(loss, loss, pixels)

    def tells_pixels(self, model: MaskedAutoencoder) -> bool:  # type: ignore[override]
        return not model.learns_pixels

    def test(  # type: ignore[override]
        self, model: MaskedAutoencoder, batch: ImageSet, number: int, first: int
    ) -> Tested:
        """Test batch `number`, whose first image has the index `first`."""
        images = to_unit_range(batch.images, self.device)
        indices = torch.arange(first, first + len(images), device=self.device)
        noise = mask_noise(self.seed, indices, model.patches)
        prediction, mask = self._predict(model, images, noise)
        reconstruction = model.to_pixels(prediction, images, mask)
        views = {"original": images, "reconstruction": reconstruction}
        if model.mask_ratio:
            views = {
                "original": images,
                "given": model.given(images, mask),
                "reconstruction": reconstruction,
                "pasted": model.pasted(images, reconstruction, mask),
            }
        losses = None if model.learns_pixels else model.losses(images, prediction, mask)
        return Tested(model.pixel_errors(images, reconstruction, mask), views, losses)

    def _predict(self, model: MaskedAutoencoder, images: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            prediction, mask = model(images, noise)
        return prediction.float(), mask
