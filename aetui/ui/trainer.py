"""The process that trains for the app. It lives on when the screen, the line or the app is gone."""

import subprocess
import sys
from pathlib import Path

from aetui.errors import AetuiError
from aetui.files import open_to_append
from aetui.runs import states
from aetui.runs.control import sent_so_far
from aetui.runs.folder import RunFolder


class Trainer:
    """A run's own process, started from its folder; what it prints goes to the folder's log.txt.

    `repair` makes the list of checkpoints anew first.
    """

    def __init__(self, folder: RunFolder, data_dir: Path, *, repair: bool = False) -> None:
        self.folder = folder
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
        return meta.state in states.LIVE or meta.pid != self._process.pid

    def terminate(self) -> None:
        """Ask by signal for a checkpoint and an end; the second time it ends at once."""
        self._process.terminate()
