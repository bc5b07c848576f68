"""Published weights (facebookresearch/mae, Hugging Face) as a run, ready to probe or to go on."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from aetui.config.preset import Preset
from aetui.errors import AetuiError
from aetui.models.masked import MaskedAutoencoder
from aetui.models.weights import load_weights, weights_in
from aetui.runs import states
from aetui.runs.events import Event
from aetui.runs.folder import RunFolder
from aetui.runs.log import EventWriter
from aetui.training.control import Control
from aetui.training.training import prepare


def read_weights(path: Path) -> dict[str, Tensor]:
    """The weights in a file of torch or safetensors; no code in it is run. Raises AetuiError."""
    try:
        if path.suffix == ".safetensors":
            return weights_in(load_file(path))
        return weights_in(torch.load(path, map_location="cpu", weights_only=True))
    except OSError as error:
        raise AetuiError(f"{path} cannot be read: {error.strerror or error}") from None
    except (pickle.UnpicklingError, RuntimeError, EOFError, KeyError, ValueError, SafetensorError) as error:
        reason = str(error).partition("\n")[0]
        raise AetuiError(
            f"{path} is not a file of weights: {reason}", "torch.save and safetensors are read"
        ) from None


def import_weights(folder: RunFolder, preset: Preset, weights: Mapping[str, Tensor]) -> tuple[str, ...]:
    """Write the weights as the first checkpoint of a fresh run, which is then stopped.

    Returns the names that the file did not hold, the decoder's, which begin at random. Raises AetuiError
    where the weights are of another model or the data cannot be had.
    """
    writer = EventWriter(folder.events)

    def emit(event: Event) -> None:
        writer.write(event)

    training = prepare(folder, preset, Control(), emit)
    assert isinstance(training.model, MaskedAutoencoder), (
        "the preset is checked to be of a masked autoencoder"
    )
    kept = load_weights(training.model, weights)
    training.save(None)
    folder.change_meta(state=states.STOPPED)
    return kept


def sizes_told(weights: Mapping[str, Tensor]) -> dict[str, Any]:
    """What the shapes of a vision transformer's weights tell of its sizes, by preset key; none for others."""
    try:
        width, _, patch, _ = weights["patch_embed.proj.weight"].shape
        blocks = {name.split(".")[1] for name in weights if name.startswith("blocks.")}
        patches = weights["pos_embed"].shape[1] - 1
    except (KeyError, ValueError, IndexError):
        return {}
    side = round(patches**0.5) * patch
    return {
        "image": f"{side}x{side}",
        "mask.patch": patch,
        "model.vit.width": width,
        "model.vit.depth": len(blocks),
    }
