"""What is learned: return the clean image; the mean squared error per pixel, averaged over images."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from aetui.data.batches import derived_seed, to_unit_range


@dataclass(frozen=True)
class Tested:
    """A batch of test images and what became of them, on the device."""

    errors: Tensor
    """Mean squared error per pixel of every image: (B,), float32."""
    views: dict[str, Tensor]
    """Named as in `aetui.pictures.sheet.VIEWS`: (B, C, H, W), float32."""


@dataclass(frozen=True)
class Objective:
    """How a batch is given to the model and compared with what comes back."""

    device: torch.device
    seed: int
    noise_std: float = 0.0
    """Of the Gaussian noise added to what the model is given, in units of the pixel range [0, 1]."""
    bf16: bool = False
    """Compute the model in bfloat16 under autocast; the loss stays float32."""

    def loss(self, model: nn.Module, pixels: Tensor, step: int) -> Tensor:
        """Scalar float32: mean squared error per pixel over the batch (B, C, H, W), uint8, of this step."""
        clean = to_unit_range(pixels, self.device)
        return F.mse_loss(self._run(model, self._given(clean, "train", step)), clean)

    def test(self, model: nn.Module, pixels: Tensor, number: int) -> Tested:
        """Test batch `number`, (B, C, H, W), uint8."""
        clean = to_unit_range(pixels, self.device)
        given = self._given(clean, "test", number)
        reconstruction = self._run(model, given)
        noisy = {"given": given} if self.noise_std else {}
        errors = (reconstruction - clean).square().flatten(1).mean(1)
        return Tested(errors, {"original": clean, **noisy, "reconstruction": reconstruction})

    def _given(self, clean: Tensor, *occasion: object) -> Tensor:
        """What the model is given: its noise is a pure function of the run's seed and `occasion`."""
        if not self.noise_std:
            return clean
        generator = torch.Generator(self.device).manual_seed(derived_seed(self.seed, "noise", *occasion))
        noise = torch.randn(clean.shape, generator=generator, device=self.device)
        return noise.mul_(self.noise_std).add_(clean)

    def _run(self, model: nn.Module, given: Tensor) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            reconstruction: Tensor = model(given)
        return reconstruction.float()
