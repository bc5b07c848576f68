"""A run belongs to one process at a time: its lock, and its place on the disk."""

import contextlib
import errno
import fcntl
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import filelock

from aetui.errors import AetuiError
from aetui.files import held_in_place, open_lock, open_to_append
from aetui.runs import states
from aetui.runs.folder import RunFolder
from aetui.runs.liveness import is_held
from aetui.runs.waiting import try_lock

ENDING_SECONDS = 3.0
"""How long it may take processes of a run that has ended to end."""
LOCK_SECONDS = 0.3
"""How long a run's lock is tried for: who looks whether a run lives holds it for a moment."""


class Ownership:
    """The run's lock, held also where a backup that is unpacked over the run puts another in its place."""

    def __init__(self, folder: RunFolder) -> None:
        self._path = folder.lock
        self._locks: list[filelock.BaseFileLock] = []
        self._held: tuple[int, int] | None = None
        self.keep()

    def keep(self) -> None:
        """Take the lock that is at the run's path now. Raises OSError; filelock.Timeout: another has it."""
        if self._held and self._held == _identity(self._path):
            return
        mode = _made_lock(self._path)
        _check_locks(self._path)
        lock = filelock.FileLock(self._path, mode=mode)
        lock.acquire(timeout=LOCK_SECONDS)
        self._locks.append(lock)
        self._held = _identity(self._path)

    def release(self) -> None:
        for lock in self._locks:
            lock.release()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        facts = path.stat()
    except FileNotFoundError:
        return None
    return facts.st_dev, facts.st_ino


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
    except filelock.Timeout:
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
    with lock:
        if not try_lock(lock, LOCK_SECONDS):
            raise _at_work(folder)
        yield


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


def _made_lock(lock: Path) -> int:
    """Make the lock's file if there is none, and return its mode. Raises OSError for a link, pipe or folder.

    An empty one may have a second name, as in a backup by `cp -al`; another is copied: filelock empties it.
    """
    if not lock.exists() or lock.is_symlink() or lock.stat().st_size:
        open_to_append(lock).close()
    facts = lock.stat()
    if not stat.S_ISREG(facts.st_mode):
        raise OSError(errno.EINVAL, "not a file of data", str(lock))
    return stat.S_IMODE(facts.st_mode) | stat.S_IRUSR | stat.S_IWUSR  # less is an error of filelock


def _check_locks(lock: Path) -> None:
    """Raises OSError on a file system without locks, where filelock would take any file for a lock held."""
    with lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno == errno.ENOSYS:
                raise OSError(errno.ENOSYS, "its file system has no locks (flock)", str(lock)) from None
