"""Putting runs into the queue, with a process that works it off."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from aetui.errors import AetuiError
from aetui.runs.trainer import start_worker
from aetui.runs.waiting import Queue, changed_queue, is_worked_off


def enqueue(names: Sequence[str], runs_dir: Path, data_dir: Path, at_once: int | None = None) -> None:
    """Let these runs wait behind all others; None: as many train beside each other as before.

    Raises AetuiError.
    """
    with worked_queue(runs_dir, data_dir) as queue:
        queue.waiting += names
        queue.at_once = at_once or queue.at_once


@contextmanager
def worked_queue(runs_dir: Path, data_dir: Path) -> Iterator[Queue]:
    """The queue to be changed; behind it there is a process that works it off, if anything waits."""
    with changed_queue(runs_dir) as queue:
        yield queue
        if queue.waiting and not queue.paused:
            try:
                if not is_worked_off(runs_dir):
                    start_worker(runs_dir, data_dir)
            except OSError as error:
                raise AetuiError(
                    f"The queue cannot be worked off: {error.strerror}: {error.filename}"
                ) from None
