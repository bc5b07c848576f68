"""The process that works a queue off: `python -m aetui.training.queue_worker RUNS_FOLDER DATA_FOLDER`."""

import errno
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from aetui.errors import AetuiError
from aetui.files import open_lock, try_lock
from aetui.runs import states
from aetui.runs.folder import RunFolder
from aetui.runs.lines import last_line
from aetui.runs.trainer import Trainer
from aetui.runs.waiting import WORKER_LOCK, Queue, changed_queue, is_at_work, is_waiting, waits
from aetui.training.ownership import owned

LOOK_SECONDS = 0.5
LATER = (errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE)
"""Errors of a machine that is full for a moment."""
ASKED_SECONDS = 0.5
"""Who looks whether there is a worker holds its lock for a moment."""


def work_off(runs_dir: Path, data_dir: Path) -> None:
    """Start what waits wherever there is room, until nothing does. A folder has one worker.

    A run that fails gives its place to the next one. Raises AetuiError and OSError.
    """
    trainers: dict[str, Trainer] = {}
    with open_lock(runs_dir / WORKER_LOCK) as lock:
        if not try_lock(lock, ASKED_SECONDS):
            return
        while True:
            with changed_queue(runs_dir) as queue:
                goes_on = _look(queue, runs_dir, data_dir, trainers)
                if not goes_on:
                    lock.close()  # under the queue's lock: who adds to it from now on starts another worker
                    return
            time.sleep(LOOK_SECONDS)


def _look(queue: Queue, runs_dir: Path, data_dir: Path, trainers: dict[str, Trainer]) -> bool:
    """Take note of what has ended, and start what there is room for; whether there is more to do here.

    What a worker before this one had started and never began, since both were killed, waits as before; so
    does what cannot be read, as another user's, and what the machine has no room for now.
    """
    before = [name for name in queue.started if name not in trainers]
    queue.put_first([name for name in before if is_waiting(RunFolder(runs_dir / name))])
    queue.started = [name for name in queue.started if _works(RunFolder(runs_dir / name), trainers)]
    left, crowded = [], False
    for name in queue.waiting:
        folder = RunFolder(runs_dir / name)
        has_room = not queue.paused and not crowded and len(queue.started) < queue.at_once
        waiting = waits(folder) if has_room else None
        if waiting is None:
            left.append(name)
        elif waiting:
            try:
                trainers[name] = Trainer(folder, data_dir)
            except OSError as error:
                if crowded := error.errno in LATER:
                    left.append(name)
                else:
                    _fail(folder, f"its process cannot be started: {error.strerror}")
            else:
                queue.started.append(name)
    queue.waiting = left
    return bool(queue.started) or crowded


def _works(folder: RunFolder, trainers: Mapping[str, Trainer]) -> bool:
    """Whether the run still has its place; one whose process has died before it began has failed."""
    trainer = trainers.get(folder.name)
    if trainer is None:  # of a worker before this one
        return is_at_work(folder)
    if trainer.alive:
        return True
    if is_waiting(folder):
        _fail(folder, f"its process ended before it began: {last_line(folder.log)}")
    return False


def _fail(folder: RunFolder, reason: str) -> None:
    try:
        with owned(folder):
            folder.change_meta(state=states.FAILED, reason=reason)
    except (AetuiError, OSError) as error:
        print(f"{folder.name}: {reason}; {error}", flush=True)


if __name__ == "__main__":
    try:
        work_off(Path(sys.argv[1]), Path(sys.argv[2]))
    except AetuiError as error:
        sys.exit(error.sentence)
    except OSError as error:
        sys.exit(f"{error.filename or sys.argv[1]} cannot be read or written: {error.strerror}")
