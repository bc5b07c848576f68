"""Control flows back to the process that trains: one command a line in the run folder."""

import os
import stat
from pathlib import Path
from typing import Literal, get_args

from aetui.errors import AetuiError
from aetui.files import append_line
from aetui.runs.lines import LineFollower
from aetui.text import for_shell

Command = Literal[
    "pause", "resume", "checkpoint", "preview", "probe", "choose-threads", "profile", "make-room", "stop"
]
COMMANDS: tuple[Command, ...] = get_args(Command)
SET = "set "
"""How a command begins that changes a setting: `set train.learning_rate=3e-4`."""
LONGEST_SET = 200


def send(control_file: Path, command: str) -> None:
    """Send the run a command; its events say when it was handled."""
    append_line(control_file, command)


def sent_so_far(control_file: Path) -> int:
    """Where the next command will stand: ask before a run is started, so that none sent since is missed."""
    return control_file.stat().st_size if control_file.exists() else 0


class CommandFollower:
    """Commands that stand from `offset` on; older ones are history. `shared`: others may write them too."""

    def __init__(self, control_file: Path, offset: int, *, shared: bool = False) -> None:
        self._file = control_file
        self._lines = LineFollower(control_file, offset)
        self._shared = shared

    def poll(self) -> list[str]:
        """New commands in their order; lines that are none are passed over.

        Raises AetuiError where somebody else may have written them; then they count for nothing.
        """
        try:
            words = [line.decode(errors="replace").strip() for line in self._lines.read()]
            if words and not self._shared:
                _refuse_others(self._file)
        except OSError as error:
            raise AetuiError(f"no command is taken: {self._file} cannot be read: {error.strerror}") from None
        return [word for word in words if word in COMMANDS or _sets(word)]


def _sets(word: str) -> bool:
    return word.startswith(SET) and len(word) <= LONGEST_SET


def _refuse_others(file: Path) -> None:
    facts = file.stat()
    if facts.st_uid not in (os.geteuid(), 0):
        raise AetuiError(f"a command is not taken: {file} belongs to another user")
    if facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        hint = f"chmod 600 {for_shell(file)}, or train with --shared"
        raise AetuiError(f"a command is not taken: others may write {file}", hint)
