"""The model a preset describes."""

import torch

from aetui.config.checks import decoder_layers, encoder_layers
from aetui.config.preset import Preset
from aetui.models.autoencoder import Autoencoder
from aetui.models.build import build_chain
from aetui.shapes.chain import trace
from aetui.shapes.sizes import parse_size


def build_model(preset: Preset) -> Autoencoder:
    """The model of a checked preset on the CPU, its weights drawn by torch's defaults from `train.seed`."""
    image = parse_size(preset.image_size)
    encoder = encoder_layers(preset)
    latent = trace(image, encoder)[-1].output
    torch.manual_seed(preset.train.seed)
    return Autoencoder(build_chain(image, encoder), build_chain(latent, decoder_layers(preset)))
