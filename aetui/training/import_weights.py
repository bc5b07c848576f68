"""Published weights (facebookresearch/mae, Hugging Face) as a run, ready to probe or to go on."""

from collections.abc import Iterator, Mapping
from math import isqrt
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from aetui.config.kept import kept_settings
from aetui.config.model import VitSection
from aetui.config.preset import Preset
from aetui.errors import AetuiError, UsageError
from aetui.models.hugging_face import heads_in_config
from aetui.models.masked_autoencoder import MaskedAutoencoder
from aetui.models.published import Published
from aetui.models.weights import load_weights
from aetui.runs import states
from aetui.runs.event_log import EventWriter
from aetui.runs.events import CheckpointSaved, StateChanged
from aetui.runs.folder import RunFolder
from aetui.training.checkpoint_file import Checkpoint, Progress, RandomStates
from aetui.training.checkpoints import CheckpointStore
from aetui.training.model_kinds import build_model
from aetui.training.optimizer import make_optimizer


def check_weights(file: Path, weights: Published, preset: Preset) -> list[str]:
    """What to know of weights that fit the preset, as sentences.

    Raises AetuiError where they are of another model, also by the number of heads, which no shape tells.
    """
    model = build_model(preset)
    assert isinstance(model, MaskedAutoencoder), "the preset is checked to be of a masked autoencoder"
    notes = list(weights.notes)
    try:
        if load_weights(model, weights.tensors):
            notes.append("the file holds no decoder; it begins at random")
    except AetuiError as error:
        found = ", ".join(f"{key} {value}" for key, value in sizes_in_weights(weights.tensors).items())
        hint = f"{error.hint}{f'; the weights tell: {found}' if found else ''}"
        raise AetuiError(error.message, hint) from None
    if preset.model.vit is not None:
        notes += _vit_notes(file, preset.model.vit)
    return notes


def _vit_notes(file: Path, vit: VitSection) -> Iterator[str]:
    heads = {"heads": vit.encoder.heads, "decoder_heads": vit.decoder.heads}
    found = heads_in_config(file.parent / "config.json")
    wrong = [
        f"--set model.vit.{key}={found[key]}" for key in heads if found.get(key, heads[key]) != heads[key]
    ]
    if wrong:
        raise UsageError(
            f"{file.parent / 'config.json'} tells other heads than {_preset_heads(heads)}", " ".join(wrong)
        )
    if not found:
        yield f"the file does not tell its heads; {_preset_heads(heads)} are taken"
    if vit.pixels != "imagenet":
        yield "weights learned on ImageNet as published want --set model.vit.pixels=imagenet"


def _preset_heads(heads: dict[str, int]) -> str:
    return f"the preset's {heads['heads']} in the encoder and {heads['decoder_heads']} in the decoder"


def import_weights(folder: RunFolder, preset: Preset, tensors: Mapping[str, Tensor]) -> None:
    """Write the weights as the first checkpoint of a fresh run, which is then stopped. Needs no data."""
    model = build_model(preset)
    assert isinstance(model, MaskedAutoencoder), "as checked with the weights"
    load_weights(model, tensors)
    checkpoint = Checkpoint(
        model=model.state_dict(),
        optimizer=make_optimizer(model, preset.train).state_dict(),
        random=RandomStates(cpu=torch.get_rng_state(), cuda=[]),
        progress=Progress(),
        made_on={},  # no straight run would be equal to it
        settings=kept_settings(preset),
    )
    entry = CheckpointStore(folder.checkpoints, preset.train.keep_checkpoints).save(checkpoint)
    writer = EventWriter(folder.events)
    writer.write(
        CheckpointSaved(entry.epoch, entry.step, entry.file, entry.sha256, entry.size_bytes, best=False)
    )
    writer.write(StateChanged(states.STOPPED))
    folder.change_meta(state=states.STOPPED)


def sizes_in_weights(weights: Mapping[str, Tensor]) -> dict[str, Any]:
    """What the shapes of a vision transformer's weights tell of its sizes, by preset key; none for others."""
    try:
        width, _, patch, _ = weights["patch_embed.proj.weight"].shape
        blocks = {name.split(".")[1] for name in weights if name.startswith("blocks.")}
        patches = weights["pos_embed"].shape[1] - 1
        side = isqrt(patches)
    except (KeyError, ValueError, IndexError):
        return {}
    return {
        **({"image": f"{side * patch}x{side * patch}"} if side * side == patches else {"patches": patches}),
        "mask.patch": patch,
        "model.vit.width": width,
        "model.vit.depth": len(blocks),
    }
