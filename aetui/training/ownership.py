"""A run belongs to one process at a time: its lock, and its place on the disk."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from aetui.errors import AetuiError
from aetui.files import held_in_place, open_lock, try_lock
from aetui.runs import states
from aetui.runs.folder import RunFolder
from aetui.runs.liveness import is_held

ENDING_SECONDS = 3.0
"""How long it may take processes of a run that has ended to end."""
LOCK_SECONDS = 0.3
"""How long a run's lock is tried for: who looks whether a run lives holds it for a moment."""


class LockTakenError(Exception):
    """Another process holds a run's lock."""


class Ownership:
    """The run's lock, held also where a backup that is unpacked over the run puts another in its place."""

    def __init__(self, folder: RunFolder) -> None:
        self._path = folder.lock
        self._locks: list[BinaryIO] = []
        self.keep()

    def keep(self) -> None:
        """Take the lock that is at the run's path now. Raises OSError, and LockTakenError."""
        while not (self._locks and _lies_at(self._path, self._locks[-1])):
            lock = open_lock(self._path)
            if not try_lock(lock, LOCK_SECONDS):
                _let_go(lock)
                raise LockTakenError
            self._locks.append(lock)

    def release(self) -> None:
        for lock in self._locks:
            _let_go(lock)


def _let_go(lock: BinaryIO) -> None:
    """Whatever a disk says to it whose line broke once."""
    with contextlib.suppress(OSError):
        lock.close()


def _lies_at(path: Path, file: BinaryIO) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def owned(folder: RunFolder) -> Iterator[Ownership]:
    """Hold the run's lock; it dies with its owner. Raises AetuiError where that cannot be."""
    with contextlib.ExitStack() as held:
        with refusals_of(folder):
            ownership = _own(folder)
        held.callback(ownership.release)
        held.enter_context(held_in_place(folder.path))
        yield ownership


def _own(folder: RunFolder) -> Ownership:
    try:
        return Ownership(folder)
    except LockTakenError:
        raise _at_work(folder) from None


def _at_work(folder: RunFolder) -> AetuiError:
    hint = f"see what it does with `aetui watch {folder.called}`"
    return AetuiError(f"Another process is at work on {folder.name}", hint)


def check_not_launched(folder: RunFolder, seconds: float = 0.0) -> None:
    """Raises AetuiError where another process has started some that train the run, or is about to.

    It may be given some time: one whose run has ended waits for the last of its processes.
    """
    end = time.monotonic() + seconds
    while is_held(folder.launching):
        if time.monotonic() >= end:
            raise _at_work(folder)
        time.sleep(0.1)


@contextlib.contextmanager
def launching(folder: RunFolder) -> Iterator[None]:
    """Keep others from the run while processes are started for it that are to own it. Raises as `owned`."""
    with refusals_of(folder):
        lock = open_lock(folder.launching)
    try:
        if not try_lock(lock, LOCK_SECONDS):
            raise _at_work(folder)
        yield
    finally:
        _let_go(lock)


@contextlib.contextmanager
def refusals_of(folder: RunFolder) -> Iterator[None]:
    """What the disk refuses becomes an AetuiError."""
    try:
        yield
    except OSError as error:
        raise AetuiError(f"{error.filename or folder.path} cannot be written: {error.strerror}") from None


@contextlib.contextmanager
def owned_idle(folder: RunFolder) -> Iterator[None]:
    """Hold the lock of a run that nobody trains; one that was killed is no longer said to run meanwhile."""
    check_not_launched(folder, ENDING_SECONDS)
    with owned(folder):
        if folder.read_meta().state in states.LIVE:
            with contextlib.suppress(OSError):  # a full disk
                folder.change_meta(state=states.INTERRUPTED)
        yield
