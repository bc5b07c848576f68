"""Saving a run while it trains: a checkpoint, or a pause until the disk has room for one."""

import shutil

from aetui.errors import AetuiError
from aetui.runs import states
from aetui.runs.events import CheckpointSaved, Emit, StateChanged
from aetui.text import format_bytes
from aetui.training.control import Control
from aetui.training.training import Training


def save_checkpoint(training: Training, control: Control, emit: Emit, loss: float | None) -> None:
    """Write a checkpoint; where the disk refuses, pause until somebody has made room.

    Raises AetuiError where the disk refuses and a stop is requested.
    """
    while True:
        try:
            entry = training.save(loss)
        except OSError as error:
            _wait_for_room(_why_not(training, error), control, emit)
            continue
        best = training.checkpoints.best
        emit(
            CheckpointSaved(
                **entry.model_dump(exclude={"test_loss"}), best=best is not None and best.file == entry.file
            )
        )
        return


def _why_not(training: Training, error: OSError) -> str:
    free = format_bytes(shutil.disk_usage(training.folder.path).free)
    place = f"{training.folder.checkpoints} ({free} free)"
    return f"the checkpoint cannot be written to {place}: {error.strerror}"


def _wait_for_room(reason: str, control: Control, emit: Emit) -> None:
    if control.stopping:
        raise AetuiError(f"Stopped without a last checkpoint: {reason}") from None
    control.request("pause")
    emit(StateChanged(states.PAUSED, f"{reason}; make room, then resume to try again"))
    control.wait_while_paused()
    emit(StateChanged(control.running_state))
