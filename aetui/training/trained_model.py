"""A run's model as its newest checkpoint left it, with its data: for what is measured afterwards."""

from dataclasses import dataclass
from pathlib import Path

import torch

from aetui.data.catalogue import default_data_dir
from aetui.data.finding import data_dir_to_load
from aetui.data.images import DataSet
from aetui.devices.available import choose_device
from aetui.errors import AetuiError
from aetui.runs.checkpoint_index import Entry
from aetui.runs.folder import RunFolder
from aetui.training.checkpoints import CheckpointStore
from aetui.training.control import Control
from aetui.training.data import load_data
from aetui.training.model_kinds import Model, make_model
from aetui.training.torch_settings import configure_torch
from aetui.training.training import restore_weights


@dataclass(frozen=True)
class TrainedModel:
    """What a run has made."""

    model: Model
    """On the device, in evaluation mode."""
    data: DataSet
    device: torch.device
    entry: Entry
    """The checkpoint."""
    total_seconds: float
    """Spent training until then."""


def load_trained_model(
    folder: RunFolder, device: str | None = None, threads: int | None = None, data_dir: Path | None = None
) -> TrainedModel:
    """The newest good checkpoint of a run; device, threads and data are the run's own unless given.

    Raises AetuiError where there is none or the data cannot be had.
    """
    preset, meta = folder.read_preset(), folder.read_meta()
    store = CheckpointStore(folder.checkpoints, preset.train.keep_checkpoints)
    checkpoint, entry, refused = store.load_newest()
    if checkpoint is None or entry is None:
        reason = "".join(f"; {lost.entry.file} is {lost.reason}" for lost in refused)
        raise AetuiError(f"{folder.name} has no checkpoint to measure{reason}", "train it first")
    chosen = torch.device(choose_device(device or meta.device).name)
    configure_torch(chosen, threads or meta.threads)
    own = data_dir or default_data_dir()
    found = data_dir_to_load(preset.data.name, Path(meta.data_dir), own)
    data = load_data(preset, found, Control(), lambda event: None)
    model = make_model(preset, len(data.classes), begun=True)
    restore_weights(model, checkpoint.model, folder)
    return TrainedModel(model.to(chosen).eval(), data, chosen, entry, checkpoint.progress.total_seconds)
