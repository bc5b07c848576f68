"""The queue: runs that wait for their turn, in a file of the runs folder that every program may change."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, FailFast, Field, ValidationError

from aetui.errors import AetuiError
from aetui.files import open_lock, read_bounded, try_lock, write_whole
from aetui.runs import states
from aetui.runs.fields import FileName, first_mistake
from aetui.runs.folder import RunFolder
from aetui.runs.liveness import find_state, is_held

QUEUE_FILE, QUEUE_LOCK, WORKER_LOCK, WORKER_LOG = "queue.json", "queue.lock", "worker.lock", "worker.log"
LARGEST_BYTES = 12_000_000
MOST_WAITING = 20_000
LOCK_SECONDS = 10.0
MOST_AT_ONCE = 64

Names = Annotated[
    list[FileName],
    FailFast(),
    Field(max_length=MOST_WAITING),
    AfterValidator(lambda names: list(dict.fromkeys(names))),
]


class Queue(BaseModel):
    """What is in the file: names of runs in the runs folder."""

    model_config = ConfigDict(extra="ignore")

    waiting: Names = []
    """In their order."""
    started: Names = []
    """Taken off it, and perhaps still at work."""
    paused: bool = False
    at_once: Annotated[int, Field(ge=1, le=MOST_AT_ONCE)] = 1
    """How many runs train beside each other."""

    def put_first(self, names: Sequence[str]) -> None:
        """These come before all others."""
        self.take_off(names)
        self.waiting = [*names, *self.waiting]

    def put_last(self, names: Sequence[str]) -> None:
        """These come behind all others."""
        self.take_off(names)
        self.waiting += names

    def take_off(self, names: Sequence[str]) -> None:
        """These wait no more."""
        self.waiting = [name for name in self.waiting if name not in names]


def read_queue(runs_dir: Path) -> Queue:
    """The queue of a runs folder, an empty one where there is none. Raises AetuiError for a damaged file."""
    path = runs_dir / QUEUE_FILE
    try:
        return Queue.model_validate_json(read_bounded(path, LARGEST_BYTES))
    except FileNotFoundError:
        return Queue()
    except OSError as error:
        raise AetuiError(f"{path} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = first_mistake(error)
        what = first["msg"] if first else "not a queue"
        hint = "delete it: the runs that wait stay, and `aetui queue add` takes them up again"
        raise AetuiError(f"{path} is damaged: {what}", hint) from None


@contextlib.contextmanager
def changed_queue(runs_dir: Path) -> Iterator[Queue]:
    """The queue to be changed, by nobody else meanwhile; it is written at the end. Raises AetuiError."""
    with locked(runs_dir):
        queue = read_queue(runs_dir)
        before = queue.model_copy(deep=True)
        yield queue
        if queue != before:
            write_whole(runs_dir / QUEUE_FILE, queue.model_dump_json(indent=1).encode())


@contextlib.contextmanager
def locked(runs_dir: Path) -> Iterator[None]:
    """Hold the lock of the queue. Raises AetuiError where that cannot be."""
    path = runs_dir / QUEUE_LOCK
    try:
        with open_lock(path) as file:
            if not try_lock(file, LOCK_SECONDS):
                raise AetuiError(f"The queue of {runs_dir} is held by another program", "try again")
            yield
    except OSError as error:
        raise AetuiError(f"{error.filename or path} cannot be written: {error.strerror}") from None


def is_waiting(folder: RunFolder) -> bool:
    """Whether the run was never begun, as far as it can be read."""
    return waits(folder) is True


def waits(folder: RunFolder) -> bool | None:
    """Whether the run was never begun; None: it cannot be read. What lies elsewhere waits for nothing."""
    try:
        if folder.path.is_symlink() or not folder.path.is_dir():
            return False
        return folder.read_meta().state == states.WAITING and not is_held(folder.launching)
    except (AetuiError, OSError):
        return None


def is_at_work(folder: RunFolder) -> bool:
    """Whether a process trains the run, or is about to."""
    try:
        return bool(is_held(folder.launching)) or find_state(folder, folder.read_meta()) in states.LIVE
    except AetuiError:
        return False


def is_worked_off(runs_dir: Path) -> bool:
    """Whether a worker is at work on the queue of this folder, as far as can be seen."""
    return bool(is_held(runs_dir / WORKER_LOCK))
