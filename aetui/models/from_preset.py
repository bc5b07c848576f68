"""The model a preset describes."""

import torch

from aetui.config.chains import decoder_layers, encoder_layers
from aetui.config.masked import vit_shape
from aetui.config.preset import Preset
from aetui.models.autoencoder import Autoencoder
from aetui.models.build import build_chain
from aetui.models.conv_mae import ConvMae
from aetui.models.masked_autoencoder import MaskedAutoencoder
from aetui.models.vit_mae import VitMae
from aetui.shapes.chain import trace
from aetui.shapes.sizes import parse_size


def build_model(preset: Preset) -> Autoencoder | MaskedAutoencoder:
    """The autoencoder of a checked preset on the CPU, its weights drawn from `train.seed`.

    Of a classifier it is the masked one that it comes from.

    Layers are drawn by torch's defaults, the encoder's first; a vision transformer as `VitMae` says.
    """
    torch.manual_seed(preset.train.seed)
    if preset.model.vit is not None:
        vit = preset.model.vit
        return VitMae(vit_shape(preset), vit.norm_pix, vit.imagenet_pixels)
    image, layers = parse_size(preset.image_size), encoder_layers(preset)
    encoder = build_chain(image, layers)
    decoder = build_chain(trace(image, layers)[-1].output, decoder_layers(preset))
    if preset.mask is not None:
        return ConvMae(encoder, decoder, image, preset.mask.patch, preset.mask.ratio)
    return Autoencoder(encoder, decoder)
