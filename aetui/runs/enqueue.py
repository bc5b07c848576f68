"""Putting runs into the queue, with a process that works it off."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from aetui.config.preset import Preset
from aetui.errors import AetuiError, UsageError
from aetui.files import open_lock, try_lock
from aetui.runs import states
from aetui.runs.create import Place, create_run
from aetui.runs.folder import RunFolder
from aetui.runs.trainer import start_worker
from aetui.runs.waiting import MOST_WAITING, WORKER_LOCK, Queue, changed_queue, read_queue

PIECE = 20
"""Runs that are made before they are put into the queue: what a kill leaves out of it."""


def queue_runs(
    members: Sequence[tuple[Preset, Sequence[str]]], sentence: str, place: Place, at_once: int | None = None
) -> list[RunFolder]:
    """Make a run of every preset, noting its changes, and let them wait behind all others in the queue.

    `at_once`: how many train beside each other; None as before. Raises AetuiError.
    """
    waiting = len(read_queue(place.runs_dir).waiting)
    if waiting + len(members) > MOST_WAITING:
        raise UsageError(
            f"{waiting:,} runs wait already; {MOST_WAITING:,} is the most", "let them train first"
        )
    folders: list[RunFolder] = []
    for first in range(0, len(members), PIECE):
        folders += _queue_some(members[first : first + PIECE], sentence, place, at_once)
    return folders


def _queue_some(
    members: Sequence[tuple[Preset, Sequence[str]]], sentence: str, place: Place, at_once: int | None
) -> list[RunFolder]:
    """What is made waits, also where the rest cannot be made, or somebody interrupts."""
    where = (place.runs_dir, place.data_dir, place.device, place.threads)
    made: list[RunFolder] = []
    try:
        for preset, changes in members:
            told = {"changes": changes, "shared": place.shared, "state": states.WAITING}
            made.append(create_run(preset, sentence, *where, **told))  # type: ignore[arg-type]
    finally:
        if made:
            with worked_queue(place.runs_dir, place.data_dir) as queue:
                queue.put_last([folder.name for folder in made])
                queue.at_once = at_once or queue.at_once
    return made


@contextmanager
def worked_queue(runs_dir: Path, data_dir: Path) -> Iterator[Queue]:
    """The queue to be changed; behind it there is a process that works it off, if anything waits."""
    with changed_queue(runs_dir) as queue:
        yield queue
        if queue.waiting and not queue.paused:
            try:
                with open_lock(runs_dir / WORKER_LOCK) as lock:
                    is_worked_off = not try_lock(lock)
                if not is_worked_off:
                    start_worker(runs_dir, data_dir)
            except OSError as error:
                raise AetuiError(
                    f"The queue cannot be worked off: {error.strerror}: {error.filename}"
                ) from None
