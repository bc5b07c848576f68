"""Small masked autoencoders, ours and transformers' of the same sizes."""

import torch
from transformers import ViTMAEConfig, ViTMAEForPreTraining

from aetui.models.vit_mae import VitMae
from aetui.shapes.vit import VitMaeShape, VitSize

SHAPES = [
    VitMaeShape((3, 8, 8), 2, VitSize(16, 2, 2), VitSize(8, 1, 2), 0.75),
    VitMaeShape((1, 12, 12), 4, VitSize(12, 1, 3), VitSize(16, 2, 4), 0.5),
    VitMaeShape((3, 16, 16), 2, VitSize(32, 3, 4), VitSize(24, 2, 1), 0.9),
]


def hugging_face(shape, norm_pix=False):
    """transformers' model of this shape with every number random, the biases, norms and positions too."""
    config = ViTMAEConfig(
        image_size=shape.image[1],
        num_channels=shape.image[0],
        patch_size=shape.patch,
        hidden_size=shape.encoder.width,
        num_hidden_layers=shape.encoder.depth,
        num_attention_heads=shape.encoder.heads,
        intermediate_size=4 * shape.encoder.width,
        decoder_hidden_size=shape.decoder.width,
        decoder_num_hidden_layers=shape.decoder.depth,
        decoder_num_attention_heads=shape.decoder.heads,
        decoder_intermediate_size=4 * shape.decoder.width,
        mask_ratio=shape.mask_ratio,
        norm_pix_loss=norm_pix,
        layer_norm_eps=1e-6,
        attn_implementation="eager",
    )
    torch.manual_seed(0)
    theirs = ViTMAEForPreTraining(config)
    for parameter in theirs.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return theirs


def inputs(shape, count=5):
    generator = torch.Generator().manual_seed(1)
    images = torch.rand(count, *shape.image, generator=generator)
    return images, torch.rand(count, shape.patches, generator=generator)


def small(seed=0):
    """One block of 16 and one of 8, patch 2 on 3x8x8."""
    torch.manual_seed(seed)
    return VitMae(VitMaeShape((3, 8, 8), 2, VitSize(16, 1, 2), VitSize(8, 1, 2)))
