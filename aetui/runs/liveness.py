"""Whether the process that a run names still lives."""

import fcntl
import socket
import time
from pathlib import Path

import psutil

from aetui.errors import UsageError
from aetui.files import open_file
from aetui.runs import states
from aetui.runs.folder import Meta, RunFolder, began, boot, moment

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
        if (launched := is_held(folder.launching)) is not None:
            return launched
        return 0 <= time.time() - moment(meta.started) < STARTING_SECONDS
    held = is_held(folder.lock)
    if meta.host != socket.gethostname() or meta.boot not in ("", boot()):
        return bool(held) or writes(folder)
    if held is not None:
        return held  # a copy of a run's folder names the process of the original
    try:
        process = psutil.Process(meta.pid)
        alive = process.status() != psutil.STATUS_ZOMBIE
        if meta.pid_began is None:
            return alive and abs(process.create_time() - (meta.pid_started or 0)) < 2
        return alive and abs(began(process) - meta.pid_began) < 2
    except psutil.NoSuchProcess:
        return False


def is_held(lock: Path) -> bool | None:
    """Whether a process holds a run's lock, also in another container or over NFS; None if nobody knows."""
    try:
        with open_file(lock) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    return False


def writes(folder: RunFolder) -> bool:
    """Whether the log was written to lately, where another machine's lock may not be seen."""
    try:
        return abs(time.time() - folder.events.lstat().st_mtime) < SILENT_SECONDS
    except OSError:
        return False
