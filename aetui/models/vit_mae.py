"""The masked autoencoder of He et al., "Masked Autoencoders Are Scalable Vision Learners" (arXiv 2111.06377).

Names and shapes of the state dict are those of facebookresearch/mae, so its published weights load as they
are. N images, L patches of p x p pixels and C channels, V of them visible; widths d of the encoder and e of
the decoder.
"""

import torch
from torch import Tensor, nn

from aetui.models.masked_autoencoder import MaskedAutoencoder
from aetui.models.masking import Masking, masking, patchify
from aetui.models.norm_pix import denormalised, normalised
from aetui.models.position_embedding import sine_cosine_positions
from aetui.models.transformer import blocks, init_linear, layer_norm
from aetui.shapes.vit import PIXEL_UNITS, PixelUnits, VitMaeShape, check_norm_pix


class PatchEmbed(nn.Module):
    """Each patch of an image as a token: one linear map of its pixels, written as a convolution."""

    def __init__(self, channels: int, patch: int, width: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(channels, width, patch, stride=patch)

    def forward(self, images: Tensor) -> Tensor:
        """Images (N, C, H, W) to tokens (N, L, d)."""
        tokens: Tensor = self.proj(images)
        return tokens.flatten(2).transpose(1, 2)


class VitMae(MaskedAutoencoder):
    """A vision transformer that sees the visible patches alone, and a light one that predicts all patches.

    With `norm_pix` the target is each patch less its mean, over its standard deviation (He et al., section
    3). The network is given pixels in the `units` and learns to return them; images come and go in [0, 1] all
    the same.
    """

    reads_class_token = False
    """Whether the features are those of the class token instead of the patches'."""
    pixel_mean: Tensor
    pixel_std: Tensor
    pos_embed: Tensor
    decoder_pos_embed: Tensor

    def __init__(
        self, shape: VitMaeShape, norm_pix: bool = False, units: PixelUnits = PIXEL_UNITS["unit"]
    ) -> None:
        if norm_pix:
            check_norm_pix(shape.image, shape.patch)
        super().__init__(shape.image, shape.patch, shape.mask_ratio)
        self.shape = shape
        self.norm_pix = norm_pix
        self.learns_pixels = not norm_pix
        self.learns_what_it_tells = not norm_pix and units == PIXEL_UNITS["unit"]
        self.register_buffer("pixel_mean", torch.tensor(units.mean)[:, None, None], persistent=False)
        self.register_buffer("pixel_std", torch.tensor(units.std)[:, None, None], persistent=False)
        width, decoder_width = shape.encoder.width, shape.decoder.width
        self.cls_token = nn.Parameter(torch.empty(1, 1, width))
        self.register_buffer("pos_embed", sine_cosine_positions(*shape.grid, width))
        self.patch_embed = PatchEmbed(shape.image[0], shape.patch, width)
        self.blocks = blocks(shape.encoder)
        self.norm: nn.Module = layer_norm(width)
        self.decoder_embed = nn.Linear(width, decoder_width)
        self.mask_token = nn.Parameter(torch.empty(1, 1, decoder_width))
        self.register_buffer("decoder_pos_embed", sine_cosine_positions(*shape.grid, decoder_width))
        self.decoder_blocks = blocks(shape.decoder)
        self.decoder_norm = layer_norm(decoder_width)
        self.decoder_pred = nn.Linear(decoder_width, shape.patch_numbers)
        self._init_weights()

    def _init_weights(self) -> None:
        """As in facebookresearch/mae: tokens normal, linear maps and the patch embedding Xavier-uniform."""
        nn.init.normal_(self.cls_token, std=0.02)
        nn.init.normal_(self.mask_token, std=0.02)
        nn.init.xavier_uniform_(self.patch_embed.proj.weight.data.flatten(1))
        self.apply(init_linear)

    def forward(self, images: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        masked = masking(noise, self.mask_ratio)
        return self.decode(self.encode(images, masked), masked), masked.mask

    def encode(self, images: Tensor, masked: Masking) -> Tensor:
        """The class token and the visible patches of images (N, C, H, W), encoded: (N, 1 + V, d)."""
        tokens = self._tokens(images)
        visible = _rows(tokens, masked.ids_keep)
        return self._encode_tokens(visible)

    def decode(self, latent: Tensor, masked: Masking) -> Tensor:
        """Predictions (N, L, p p C) of all patches from the encoded visible ones (N, 1 + V, d)."""
        tokens = self.decoder_embed(latent)
        hidden = self.mask_token.expand(len(tokens), self.patches + 1 - tokens.shape[1], -1)
        sorted_by_noise = torch.cat([tokens[:, 1:], hidden.to(tokens.dtype)], dim=1)
        in_place = _rows(sorted_by_noise, masked.ids_restore)
        tokens = torch.cat([tokens[:, :1], in_place], dim=1) + self.decoder_pos_embed
        prediction: Tensor = self.decoder_pred(self.decoder_norm(self.decoder_blocks(tokens)))
        return prediction[:, 1:]

    def features(self, images: Tensor) -> Tensor:
        """The mean of all encoded patches behind the last norm, or the class token there: (N, d)."""
        encoded = self._encode_tokens(self._tokens(images))
        return encoded[:, 0] if self.reads_class_token else encoded[:, 1:].mean(1)

    def _tokens(self, images: Tensor) -> Tensor:
        """All patches of images (N, C, H, W) with their positions: (N, L, d)."""
        tokens: Tensor = self.patch_embed(self._scaled(images)) + self.pos_embed[:, 1:]
        return tokens

    def _scaled(self, images: Tensor) -> Tensor:
        """Images (N, C, H, W) in [0, 1] in the units that the network computes with."""
        return (images - self.pixel_mean) / self.pixel_std

    def _encode_tokens(self, tokens: Tensor) -> Tensor:
        """The class token in front of tokens (N, T, d) with positions, all encoded: (N, 1 + T, d)."""
        first = (self.cls_token + self.pos_embed[:, :1]).expand(len(tokens), -1, -1)
        encoded: Tensor = self.norm(self.blocks(torch.cat([first, tokens], dim=1)))
        return encoded

    def targets(self, images: Tensor) -> Tensor:
        """Patches (N, L, p p C) of images (N, C, H, W), normalised one by one under `norm_pix`."""
        patches = super().targets(self._scaled(images))
        return normalised(patches) if self.norm_pix else patches

    def to_pixels(self, prediction: Tensor, images: Tensor, mask: Tensor) -> Tensor:
        """The predictions as images (N, C, H, W); under `norm_pix` see `norm_pix.denormalised`."""
        if self.norm_pix:
            patches = patchify(self._scaled(images), self.patch)
            prediction = denormalised(prediction, patches, mask, self.shape.grid)
        return super().to_pixels(prediction, images, mask) * self.pixel_std + self.pixel_mean


def _rows(tokens: Tensor, ids: Tensor) -> Tensor:
    """Of tokens (N, L, D) those at ids (N, T): (N, T, D).

    As `gather`, whose gradient on a GPU is either not repeatable or sorts every number; this sorts the rows.
    """
    return tokens[torch.arange(len(tokens), device=tokens.device)[:, None], ids]
