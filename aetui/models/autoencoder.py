"""The autoencoder: images through an encoder to a latent code, and through a decoder back."""

import torch
from torch import nn


class Autoencoder(nn.Module):
    """Encoder and decoder, one after the other."""

    def __init__(self, encoder: nn.Sequential, decoder: nn.Sequential) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Reconstructions (N, C, H, W) of images (N, C, H, W)."""
        reconstructions: torch.Tensor = self.decoder(self.encoder(images))
        return reconstructions

    def features(self, images: torch.Tensor) -> torch.Tensor:
        """What a probe reads: the latent code of images (N, C, H, W), flattened to (N, D)."""
        code: torch.Tensor = self.encoder(images)
        return code.flatten(1)
