"""Saving a run while it trains: a checkpoint, or a pause until the disk has room for one."""

import contextlib
import errno
import os
import shutil

from aetui.errors import AetuiError
from aetui.files import is_in_place
from aetui.runs import states
from aetui.runs.checkpoint_index import Entry
from aetui.runs.events import CheckpointSaved, Emit, EpochFinished, StateChanged, Warned
from aetui.text import format_bytes
from aetui.training.control import Control
from aetui.training.training import Training

RETRY_SECONDS = 5.0
"""How long after a refusal it is tried again; longer each time."""
LONGEST_RETRY_SECONDS = 60.0
ROOM = "it goes on by itself once there is room"
MENDING = {
    errno.EFBIG: "raise the limit of file sizes (`ulimit -f`) and resume",
    errno.EACCES: "it goes on by itself once that may be written",
    errno.ELOOP: "it goes on by itself once a folder of its own is there",
    errno.ENOSPC: ROOM,
    errno.EDQUOT: ROOM,
    errno.EPERM: "it goes on by itself once that may be written",
    errno.EROFS: "it goes on by itself once its disk can be written again",
}
"""What mends it."""
AGAIN = "it goes on by itself once that can be written"
"""Whatever else it is: a line to the disk that is down, say."""


def save_checkpoint(
    training: Training, control: Control, emit: Emit, epoch: EpochFinished | None = None
) -> None:
    """Write a checkpoint, after an epoch with what it gave; where the disk refuses, pause until it takes one.

    Raises AetuiError where the disk refuses and a stop is requested.
    """
    try:
        entry = training.save(epoch)
    except OSError as error:
        entry = _save_later(training, control, emit, epoch, error)
    training.folder.reserve.keep()
    best = training.checkpoints.best
    told = entry.model_dump(exclude={"test_loss", "score"})
    emit(CheckpointSaved(**told, best=best is not None and best.file == entry.file))


def make_room(training: Training, emit: Emit) -> None:
    """Delete checkpoints that the run can do without; what the disk refuses is said."""
    names = ", ".join(entry.file for entry in training.checkpoints.removable)
    try:
        training.checkpoints.make_room()
    except (OSError, ValueError) as error:
        newest = training.checkpoints.newest
        why = error.strerror if isinstance(error, OSError) else f"{newest and newest.file} is {error}"
        emit(Warned(f"no room could be made: {why}"))
    else:
        emit(Warned(f"deleted to make room: {names}" if names else "there is no checkpoint to do without"))


def _save_later(
    training: Training, control: Control, emit: Emit, epoch: EpochFinished | None, error: OSError
) -> Entry:
    """Pause, and try again now and then or when somebody wants it, unless a pause was requested."""
    _check_there(training)
    emit(_paused(training, error))
    seconds = RETRY_SECONDS
    while True:
        if control.stopping:
            if error.errno == errno.ENOENT:  # a folder that was taken away is there again
                with contextlib.suppress(OSError):
                    return training.save(epoch)
            raise AetuiError(f"Stopped without a last checkpoint: {_why_not(training, error)}") from None
        wanted = control.wait_to_retry(seconds)
        seconds = min(2 * seconds, LONGEST_RETRY_SECONDS)
        _check_there(training)
        if control.take("make-room"):
            make_room(training, emit)
        if not (wanted or control.stopping or _may_have_room(training, error)):
            continue
        try:
            entry = training.save(epoch)
        except OSError as again:
            if again.errno != error.errno:
                emit(_paused(training, again))
            error = again
        else:
            emit(StateChanged(control.running_state))
            return entry


def _check_there(training: Training) -> None:
    """A folder of checkpoints that somebody took away is made again. Raises AetuiError without the run's."""
    if not is_in_place(training.folder.path):
        raise AetuiError(f"The run's folder is gone: {training.folder.path}")
    with contextlib.suppress(OSError, AetuiError):
        training.folder.make_missing()


def _may_have_room(training: Training, error: OSError) -> bool:
    """Whether it is worth a try: one that fails fills the disk for everybody, for a moment."""
    free, newest = _free_bytes(training), training.checkpoints.newest
    return error.errno != errno.ENOSPC or free is None or free >= (newest.size_bytes if newest else 0)


def _free_bytes(training: Training) -> int | None:
    """Of the disk with the run; None where it does not tell now."""
    try:
        return shutil.disk_usage(training.folder.path).free
    except OSError:
        return None


def _has_no_inodes(training: Training) -> bool:
    try:
        disk = os.statvfs(training.folder.path)
    except OSError:
        return False
    return bool(disk.f_files) and not disk.f_favail  # some file systems count none


def _paused(training: Training, error: OSError) -> StateChanged:
    is_full = MENDING.get(error.errno or 0) == ROOM
    removable = {entry.file: entry.size_bytes for entry in training.checkpoints.removable} if is_full else {}
    freed = f"; `aetui control {training.folder.called} make-room` deletes" if removable else ""
    offer = ", ".join(f"{name} ({format_bytes(size)})" for name, size in removable.items())
    reason = f"{_why_not(training, error)}; {MENDING.get(error.errno or 0, AGAIN)}{freed} {offer}"
    return StateChanged(states.PAUSED, reason.rstrip(), removable=removable)


def _why_not(training: Training, error: OSError) -> str:
    free = _free_bytes(training)
    room = "" if free is None else f" ({format_bytes(free)} free)"
    if error.errno == errno.ENOSPC and _has_no_inodes(training):
        room = " (no inodes free: too many files)"
    return f"the checkpoint cannot be written to {training.folder.checkpoints}{room}: {error.strerror}"
