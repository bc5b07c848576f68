"""What the kinds of model mean in training: what is built, what it learns, what its loss measures."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from aetui.config.chains import decoder_layers, encoder_layers
from aetui.config.masked import vit_shape
from aetui.config.preset import Preset
from aetui.config.train import LossName
from aetui.errors import AetuiError
from aetui.files import expanded
from aetui.models.autoencoder import Autoencoder
from aetui.models.build import build_chain
from aetui.models.classifier import Classifier
from aetui.models.conv_mae import ConvMae
from aetui.models.masked_autoencoder import MaskedAutoencoder
from aetui.models.transformer import drop_paths
from aetui.models.vit_mae import VitMae
from aetui.models.weights import load_weights
from aetui.shapes.chain import trace
from aetui.shapes.sizes import parse_size
from aetui.shapes.vit import PIXEL_UNITS
from aetui.training.class_objective import ClassObjective
from aetui.training.masked_objective import MaskedObjective
from aetui.training.objective import Objective
from aetui.training.weights_file import read_weights

NORM_PIX_LOSS = "MSE of normalised patches"
LOSSES: dict[LossName, str] = {
    "mse": "MSE per pixel",
    "l1": "absolute error per pixel",
    "bce": "BCE in nats an image",
}
"""What those of an autoencoder are called."""
Model = Autoencoder | MaskedAutoencoder | Classifier


def make_model(preset: Preset, classes: int, *, begun: bool) -> Model:
    """The model of a checked preset for data of so many classes, on the CPU, with its first weights.

    A classifier that has not `begun` takes its encoder's from `finetune.from_checkpoint`. Raises AetuiError
    where that file cannot be read or is of another model.
    """
    model = build_model(preset)
    if preset.model.kind != "classifier":
        return model
    assert isinstance(model, MaskedAutoencoder), "the preset is checked to describe one"
    check_classes(classes)
    source = preset.finetune.from_checkpoint if preset.finetune else ""
    if source and not begun:
        load_weights(model, _encoder_from(expanded(source)))
    pool = preset.finetune.pool if preset.finetune else "features"
    classifier = Classifier(model, classes, preset.train.seed, pool)
    if isinstance(classifier.encoder, VitMae) and preset.finetune:
        drop_paths(classifier.encoder.blocks, preset.finetune.drop_path)
    return classifier


def _encoder_from(source: Path) -> dict[str, Tensor]:
    """The weights that a classifier begins with. Raises AetuiError."""
    if not source.exists():
        raise AetuiError(
            f"{source}, which this run begins with, is gone; nothing was trained yet",
            "its run keeps its newest checkpoints: `aetui finetune` begins with one of them",
        )
    return read_weights(source).tensors


def build_model(preset: Preset) -> Autoencoder | MaskedAutoencoder:
    """The autoencoder of a checked preset on the CPU, its weights drawn from `train.seed`.

    Of a classifier it is the masked one that it comes from.

    Layers are drawn by torch's defaults, the encoder's first; a vision transformer as `VitMae` says.
    """
    torch.manual_seed(preset.train.seed)
    if preset.model.vit is not None:
        vit = preset.model.vit
        return VitMae(vit_shape(preset), vit.norm_pix, PIXEL_UNITS[vit.pixels])
    image, layers = parse_size(preset.image_size), encoder_layers(preset)
    encoder = build_chain(image, layers)
    decoder = build_chain(trace(image, layers)[-1].output, decoder_layers(preset))
    if preset.mask is not None:
        return ConvMae(encoder, decoder, image, preset.mask.patch, preset.mask.ratio)
    return Autoencoder(encoder, decoder)


def check_classes(classes: int) -> None:
    """Raises AetuiError where there is nothing to tell apart, for a classifier or a probe."""
    if classes < 2:
        raise AetuiError(
            "The images are all of one class, so there is nothing to tell apart",
            "sort them into one folder a class, or choose another data set",
        )


def make_objective(preset: Preset, device: torch.device, bf16: bool, classes: int) -> Objective:
    kinds = {"autoencoder": Objective, "mae": MaskedObjective, "classifier": ClassObjective}
    common: dict[str, Any] = {
        "device": device,
        "seed": preset.train.seed,
        "noise_std": preset.noise.std if preset.noise else 0.0,
        "bf16": bf16,
        "flip": preset.augment.flip,
        "crop_scale": preset.augment.crop_scale,
        "measure": preset.train.loss,
    }
    if preset.model.kind == "classifier" and preset.finetune:
        tuning = preset.finetune
        return ClassObjective(
            **common,
            classes=classes,
            smoothing=tuning.label_smoothing,
            mixup=tuning.mixup,
            cutmix=tuning.cutmix,
            magnitude=tuning.rand_augment,
            erasing=tuning.erasing,
        )
    return kinds[preset.model.kind](**common)


def loss_name(preset: Preset) -> str:
    """What train and test losses measure; pixels are in [0, 1]."""
    if preset.model.kind == "classifier":
        return "cross-entropy"
    if preset.model.vit and preset.model.vit.norm_pix:
        return NORM_PIX_LOSS
    return "MSE per hidden pixel" if preset.mask and preset.mask.ratio else LOSSES[preset.train.loss]
