"""A run's model as its newest checkpoint left it, with its data: for what is measured afterwards."""

from dataclasses import dataclass
from pathlib import Path

import torch

from aetui.config.reading import read_preset
from aetui.data.images import DataSet
from aetui.devices.available import choose_device
from aetui.errors import AetuiError
from aetui.models.autoencoder import Autoencoder
from aetui.models.from_preset import build_model
from aetui.models.masked import MaskedAutoencoder
from aetui.runs.checkpoint_index import Entry
from aetui.runs.folder import RunFolder
from aetui.training.checkpoints import CheckpointStore
from aetui.training.control import Control
from aetui.training.data import load_data


@dataclass(frozen=True)
class Trained:
    """What a run has made."""

    model: Autoencoder | MaskedAutoencoder
    """On the device, in evaluation mode."""
    data: DataSet
    device: torch.device
    entry: Entry
    """The checkpoint."""


def load_trained(folder: RunFolder) -> Trained:
    """The newest good checkpoint of a run.

    Raises AetuiError where there is none or the data cannot be had.
    """
    preset, meta = read_preset(folder.config), folder.read_meta()
    payload, entry, refused = CheckpointStore(folder.checkpoints, preset.train.keep_checkpoints).load_newest()
    if payload is None or entry is None:
        reason = f": {'; '.join(refused)}" if refused else ""
        raise AetuiError(f"{folder.name} has no checkpoint to measure{reason}", "train it first")
    device = torch.device(choose_device(meta.device).name)
    model = build_model(preset)
    model.load_state_dict(payload["model"])
    data = load_data(preset, Path(meta.data_dir), Control(), lambda event: None)
    return Trained(model.to(device).eval(), data, device, entry)
