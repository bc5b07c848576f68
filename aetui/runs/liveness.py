"""Whether the process that a run names still lives."""

import fcntl
import socket
import time
from datetime import datetime

import psutil

from aetui.errors import UsageError
from aetui.files import open_file
from aetui.runs import states
from aetui.runs.folder import Meta, RunFolder, began

STARTING_SECONDS = 60.0
"""How long a run may be without a process while one is being started for it."""
SILENT_SECONDS = 120.0
"""How long a process elsewhere may write nothing before it counts as gone; clocks may differ as much."""


def find_state(folder: RunFolder, meta: Meta) -> str:
    """The state of a run as it really is: what its meta.json says, or `interrupted`."""
    if meta.state not in states.LIVE or _process_lives(folder, meta):
        return meta.state
    return states.INTERRUPTED


def require_idle(folder: RunFolder) -> None:
    """Raises UsageError where a process trains the run."""
    state = find_state(folder, folder.read_meta())
    if state in states.LIVE:
        steered = f"`aetui control {folder.called} stop` stops it"
        raise UsageError(
            f"{folder.name} is {state}", f"watch it with `aetui watch {folder.called}`; {steered}"
        )


def _process_lives(folder: RunFolder, meta: Meta) -> bool:
    if meta.pid is None:
        return 0 <= _seconds_since(meta.started) < STARTING_SECONDS
    if meta.host != socket.gethostname():
        return _is_locked(folder) or _writes(folder)
    try:
        process = psutil.Process(meta.pid)
        alive = process.status() != psutil.STATUS_ZOMBIE
        if meta.pid_began is None:
            return alive and abs(process.create_time() - (meta.pid_started or 0)) < 2
        return alive and abs(began(process) - meta.pid_began) < 2
    except psutil.NoSuchProcess:
        return False


def _is_locked(folder: RunFolder) -> bool:
    """Whether a process holds the run's lock: one in another container, or on another machine over NFS."""
    try:
        with open_file(folder.lock) as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _writes(folder: RunFolder) -> bool:
    """Whether the log was written to lately, where another machine's lock may not be seen."""
    try:
        return abs(time.time() - folder.events.stat().st_mtime) < SILENT_SECONDS
    except OSError:
        return False


def _seconds_since(started: str) -> float:
    try:
        return time.time() - datetime.fromisoformat(started).timestamp()
    except (ValueError, OverflowError):
        return float("inf")
