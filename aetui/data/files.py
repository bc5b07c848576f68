"""Files shared with other processes: locks and waits that can be cancelled, room on the disk."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from aetui.errors import AetuiError
from aetui.files import open_lock, try_lock

POLL_SECONDS = 0.1
"""How long a wait goes on before it asks whether it was cancelled."""


class Cancelled(AetuiError):
    """The user gave up waiting; what can be resumed is kept."""

    def __init__(self) -> None:
        super().__init__(
            "Cancelled before the data set was ready.", "Start again: a download goes on from there."
        )


@dataclass(frozen=True)
class Decoding:
    """How far the reading of images has come."""

    done: int
    total: int
    what: str = "images"

    @property
    def sentence(self) -> str:
        """What a person waits for."""
        return f"reading {self.what}: {self.done:,} of {self.total:,}"


def refuse_small_disk(what: str, needed: int, folder: Path) -> None:
    """Raise `AetuiError` unless `folder` has `needed` bytes free for `what`."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise AetuiError(
            f"{what} would need {needed / 1e6:.1f} MB in {folder}, which has {free / 1e6:.1f} MB free.",
            "Make room, or choose another folder with --data DIR.",
        )


@contextlib.contextmanager
def hold_lock(path: Path, cancelled: Callable[[], bool], on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock file `path` against other processes; `on_wait` is called once if another one has it.

    The lock dies with its owner. Raises `Cancelled`, and OSError where the file cannot be made.
    """
    with open_lock(path) as lock:
        if not try_lock(lock):
            on_wait()
            while not try_lock(lock, POLL_SECONDS):
                if cancelled():
                    raise Cancelled
        yield
