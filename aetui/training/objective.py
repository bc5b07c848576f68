"""What is learned: return the clean image; the mean squared error per pixel, averaged over images."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F

from aetui.data.batches import derived_seed, to_unit_range


@dataclass(frozen=True)
class Objective:
    """How a batch is given to the model and compared with what comes back."""

    device: torch.device
    seed: int
    noise_std: float = 0.0
    """Of the Gaussian noise added to what the model is given, in units of the pixel range [0, 1]."""
    bf16: bool = False
    """Compute the model in bfloat16 under autocast; the loss stays float32."""

    def reconstruct(
        self, model: nn.Module, pixels: torch.Tensor, *occasion: object
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Clean images, what the model is given, and its reconstructions, each (B, C, H, W).

        The noise is a pure function of the run's seed and `occasion`.
        """
        clean = to_unit_range(pixels, self.device)
        given = clean
        if self.noise_std:
            generator = torch.Generator(self.device).manual_seed(derived_seed(self.seed, "noise", *occasion))
            noise = torch.randn(clean.shape, generator=generator, device=self.device)
            given = noise.mul_(self.noise_std).add_(clean)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.bf16):
            reconstruction = model(given)
        return clean, given, reconstruction.float()

    def loss(self, model: nn.Module, pixels: torch.Tensor, *occasion: object) -> torch.Tensor:
        """Scalar float32: mean squared error per pixel over the batch (B, C, H, W), uint8."""
        clean, _, reconstruction = self.reconstruct(model, pixels, *occasion)
        return F.mse_loss(reconstruction, clean)
