"""What a schema cannot see: whether a preset's keys, layers, sizes and data fit together."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from aetui.config.chains import chain_mistakes, decoder_layers
from aetui.config.masked import mask_mistakes, vit_mistakes, whole_mistakes
from aetui.config.preset import OWN_IMAGES, Preset
from aetui.config.problems import Finding
from aetui.config.train import TrainSection
from aetui.errors import UsageError
from aetui.shapes.layers import Flatten, Identity, PixelShuffle, PixelUnshuffle, Sigmoid, Unflatten
from aetui.shapes.sizes import parse_size

MOVING = (Flatten, Unflatten, PixelShuffle, PixelUnshuffle, Identity)
"""Layers that leave every number as it is."""


def find_mistakes(preset: Preset) -> list[Finding]:
    """Every mistake between the keys of a preset whose types and ranges are right.

    Sizes are looked at once the data and the parts of the model are those of one preset.
    """
    model = _autoencoder_parts(preset) if preset.model.kind == "autoencoder" else _mae_parts(preset)
    found = [*_data_mistakes(preset), *model, *_finetune_mistakes(preset)]
    if not found:
        found += _size_mistakes(preset)
    if not found:
        found += _loss_mistakes(preset)
    return [*found, *_train_mistakes(preset.train), *_transformer_mistakes(preset)]


def missing_files(preset: Preset) -> Iterator[Finding]:
    """The files that a run of this preset needs to start, and only then, where there are none."""
    source = preset.finetune.from_checkpoint if preset.finetune else ""
    if source and not _is_file(source):
        yield "finetune.from_checkpoint", f"{source} is no file; name a checkpoint in the folder of a run"


def _is_file(path: str) -> bool:
    with contextlib.suppress(OSError, RuntimeError, ValueError):  # a name too long, or of nobody's home
        return Path(path).expanduser().is_file()
    return False


def _data_mistakes(preset: Preset) -> Iterator[Finding]:
    data = preset.data
    if data.name not in OWN_IMAGES:
        for key, what in (("path", "a path"), ("size", "a size"), ("abnormal", "abnormal classes")):
            if getattr(data, key):
                own = 'only data.name = "folder" or "shards" has'
                yield f"data.{key}", f"{own} {what}; {data.name} has its own"
        return
    if data.abnormal and preset.model.kind == "classifier":
        yield "data.abnormal", "a classifier learns all classes: leave this out"
    elif data.abnormal and preset.probe.every:
        yield "probe.every", "a probe learns all classes, also data.abnormal: leave this at 0"
    if not data.path:
        yield "data.path", 'missing: name the folder of images, for example path = "~/images"'
    if not data.size:
        yield "data.size", 'missing: channels x height x width, for example size = "3x64x64"'
        return
    try:
        size = parse_size(data.size)
    except UsageError as error:
        yield "data.size", error.sentence
        return
    if len(size) != 3 or size[0] not in (1, 3) or max(size) > 4096:
        yield "data.size", f"{data.size} is not 1 or 3 channels x height x width up to 4096, such as 3x64x64"


def _autoencoder_parts(preset: Preset) -> Iterator[Finding]:
    for part in ("encoder", "decoder"):
        if getattr(preset.model, part) is None:
            yield f"model.{part}", "missing"
    for key, value in (("model.vit", preset.model.vit), ("mask", preset.mask)):
        if value is not None:
            message = 'only model.kind = "mae" has this section, and the classifier that comes from one'
            yield key, f"{message}; an autoencoder sees whole images"


def _mae_parts(preset: Preset) -> Iterator[Finding]:
    """Of a masked autoencoder, or of the one that a classifier comes from."""
    model = preset.model
    layers = {"encoder": model.encoder, "decoder": model.decoder}
    given = [part for part, lines in layers.items() if lines is not None]
    if model.vit is not None:
        for part in given:
            yield (
                f"model.{part}",
                f"a {model.kind} has layers or the table [model.vit], not both: leave one out",
            )
    elif not given:
        yield "model", f"a {model.kind} needs an encoder and a decoder, or the table [model.vit]"
    else:
        for part in layers.keys() - given:
            yield f"model.{part}", "missing"
    if preset.mask is None:
        needs = "a mae needs" if model.kind == "mae" else "a classifier comes from a mae, which needs"
        yield "mask", f"missing: {needs} to know what is hidden, for example ratio = 0.75 and patch = 4"
    if preset.noise is not None:
        given_instead = (
            "a mae is given hidden patches" if model.kind == "mae" else "a classifier sees clean images"
        )
        yield "noise", f"{given_instead}, not noise: leave this section out"


def _finetune_mistakes(preset: Preset) -> Iterator[Finding]:
    if preset.model.kind != "classifier":
        if preset.finetune is not None:
            yield "finetune", 'only model.kind = "classifier" has this section'
    elif preset.model.vit is None and preset.finetune and preset.finetune.of_transformers:
        for key in preset.finetune.of_transformers:
            yield f"finetune.{key}", "only a vision transformer, [model.vit], has blocks for it: leave it out"
    elif preset.probe.every:
        yield "probe.every", "a classifier is tested on the classes after every epoch: leave this at 0"


def _size_mistakes(preset: Preset) -> list[Finding]:
    image, mask, vit = parse_size(preset.image_size), preset.mask, preset.model.vit
    found = [] if mask is None else list(mask_mistakes(image, mask, zero_allowed=vit is None))
    if vit is None or mask is None:
        return [*found, *chain_mistakes(preset)]
    return [*found, *vit_mistakes(vit)] or list(whole_mistakes(preset, vit, mask))


def _loss_mistakes(preset: Preset) -> Iterator[Finding]:
    """Of a preset whose layers fit."""
    kind, loss = preset.model.kind, preset.train.loss
    if loss == "mse":
        return
    if kind != "autoencoder":
        own = "the squared error of hidden pixels" if kind == "mae" else "the cross-entropy of the classes"
        yield "train.loss", f"a {kind} learns {own}: leave this out"
    elif loss == "bce":
        valued = [layer for layer in decoder_layers(preset) if not isinstance(layer, MOVING)]
        if not valued or not isinstance(valued[-1], Sigmoid):
            ends = 'the decoder must end in "sigmoid"'
            yield "train.loss", f"bce takes pixels for probabilities, so {ends}; or choose mse or l1"


def _transformer_mistakes(preset: Preset) -> Iterator[Finding]:
    if preset.train.capture is True and preset.train.activation_checkpointing:
        yield "train.capture", "activation_checkpointing cannot be captured: leave one of the two out"
    for key in ("shard", "activation_checkpointing"):
        if getattr(preset.train, key) and preset.model.vit is None:
            yield f"train.{key}", "only a vision transformer, [model.vit], has blocks for it: leave it out"


def _train_mistakes(train: TrainSection) -> Iterator[Finding]:
    if train.learning_rate is not None and train.base_learning_rate is not None:
        yield "train.base_learning_rate", "there is a learning_rate as well: leave one of the two out"
    if train.accumulate > train.batch_size:
        parts = f"{train.accumulate:,} parts"
        yield "train.accumulate", f"a batch of {train.batch_size:,} images cannot be computed in {parts}"
    if train.warmup_epochs and train.schedule != "cosine":
        yield "train.warmup_epochs", f'only schedule = "cosine" warms up, this one is "{train.schedule}"'
    elif 0 < train.epochs <= train.warmup_epochs:
        epochs = f"{train.warmup_epochs:g} of {train.epochs:,} epochs"
        yield "train.warmup_epochs", f"warming up for {epochs} leaves none to train in: give less, or 0"
