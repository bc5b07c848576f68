"""Processes that live on when the screen, the line or the app is gone: one that trains, one for the queue."""

import subprocess
import sys
from pathlib import Path

from aetui.errors import AetuiError
from aetui.files import open_to_append
from aetui.runs import states
from aetui.runs.control import sent_so_far
from aetui.runs.folder import Meta, RunFolder
from aetui.runs.waiting import WORKER_LOG


def start_worker(runs_dir: Path, data_dir: Path) -> None:
    """Start the process that works off the queue of `runs_dir`; a second one ends at once. Raises OSError."""
    module = [sys.executable, "-P", "-m", "aetui.training.queue_worker"]
    with open_to_append(runs_dir / WORKER_LOG) as log:
        subprocess.Popen(
            [*module, str(runs_dir.absolute()), str(data_dir.absolute())],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


Owner = tuple[int | None, float | None]
"""Which process trains a run, or did; of several it is the first."""


def _owner(meta: Meta) -> Owner:
    return meta.pid, meta.pid_began


class Trainer:
    """A run's own process, started from its folder; what it prints goes to the folder's log.txt.

    `repair` makes the list of checkpoints anew first.
    """

    def __init__(self, folder: RunFolder, data_dir: Path, *, repair: bool = False) -> None:
        self.folder = folder
        try:
            self._before: Owner | None = _owner(folder.read_meta())
        except AetuiError:
            self._before = None
        commands_from = sent_so_far(folder.control)
        module = [sys.executable, "-P", "-m", "aetui.training"]
        arguments = [str(folder.path.absolute()), str(data_dir.absolute()), str(commands_from)]
        with open_to_append(folder.log) as log:
            self._process = subprocess.Popen(
                [*module, *arguments, *(["repair"] if repair else [])],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def at_work(self) -> bool:
        """Whether it lives and its run has not ended; the process needs a moment to begin and to end."""
        if not self.alive:
            return False
        try:
            meta = self.folder.read_meta()
        except AetuiError:
            return True
        return meta.state in states.LIVE or _owner(meta) == self._before

    def terminate(self) -> None:
        """Ask by signal for a checkpoint and an end; the second time it ends at once."""
        self._process.terminate()
