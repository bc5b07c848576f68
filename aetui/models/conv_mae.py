"""The convolutional masked autoencoder: hidden patches are grey, and the loss counts them alone."""

from torch import Tensor, nn

from aetui.models.masked_autoencoder import MaskedAutoencoder
from aetui.models.masking import masking, patchify
from aetui.shapes.patches import check_mask_ratio
from aetui.shapes.sizes import Size


class ConvMae(MaskedAutoencoder):
    """An encoder and a decoder of the layer language, from images (N, C, H, W) back to images.

    A convolution needs every pixel, so hidden ones are set to `masking.GREY`. With `mask_ratio` 0 nothing
    is hidden and this is a plain autoencoder. Raises `UsageError` for a patch or ratio that does not fit
    the image.
    """

    def __init__(
        self, encoder: nn.Sequential, decoder: nn.Sequential, image: Size, patch: int, mask_ratio: float
    ) -> None:
        super().__init__(image, patch, mask_ratio)
        check_mask_ratio(self.patches, mask_ratio, zero_allowed=True)
        self.encoder = encoder
        self.decoder = decoder

    def forward(self, images: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        mask = masking(noise, self.mask_ratio).mask
        return patchify(self.decoder(self.encoder(self.given(images, mask))), self.patch), mask

    def features(self, images: Tensor) -> Tensor:
        """The encoder's whole output, flattened: (N, D)."""
        latent: Tensor = self.encoder(images)
        return latent.flatten(1)
