"""Small checkpoints in a folder."""

import json

import torch

from aetui.files import sha256_of
from aetui.training.checkpoint_file import Checkpoint, Progress, RandomStates
from aetui.training.checkpoints import CheckpointStore


def checkpoint(step: int, test_loss: float | None = None) -> Checkpoint:
    return Checkpoint(
        model={"w": torch.arange(50.0)},
        optimizer={},
        random=RandomStates(cpu=torch.get_rng_state(), cuda=[]),
        progress=Progress(epoch=step, step=step),
        made_on={"torch": "2.10"},
        test_loss=test_loss,
        score=test_loss,
    )


def filled(folder, steps=(1, 2), keep=3) -> CheckpointStore:
    store = CheckpointStore(folder, keep)
    for step in steps:
        store.save(checkpoint(step, 1 / step))
    return store


def newest_step(folder):
    found, _, refused = CheckpointStore(folder, 3).load_newest()
    return (found and found.progress.step), [reason for _, reason in refused]


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def relisted(path) -> None:
    """The list says that the checkpoint is whole as it now is."""
    index = path.parent / "index.json"
    entries = json.loads(index.read_text())
    for entry in entries:
        if entry["file"] == path.name:
            entry |= {"sha256": sha256_of(path), "size_bytes": path.stat().st_size}
    index.write_text(json.dumps(entries))
