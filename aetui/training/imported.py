"""Published weights (facebookresearch/mae, Hugging Face) as a run, ready to probe or to go on."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from aetui.config.preset import Preset
from aetui.models.masked import MaskedAutoencoder
from aetui.models.weights import load_weights
from aetui.runs import states
from aetui.runs.events import CheckpointSaved, Event, StateChanged
from aetui.runs.folder import RunFolder
from aetui.runs.log import EventWriter
from aetui.training.control import Control
from aetui.training.training import prepare


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
    entry = training.save(None)
    emit(CheckpointSaved(entry.epoch, entry.step, entry.file, entry.sha256, entry.size_bytes, best=False))
    emit(StateChanged(states.STOPPED))
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
