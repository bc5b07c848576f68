"""Control flows back to the process that trains: one command a line in the run folder."""

from pathlib import Path
from typing import Literal, get_args

from aetui.runs.files import append_line
from aetui.runs.lines import LineFollower

Command = Literal["pause", "resume", "checkpoint", "preview", "probe", "stop"]
COMMANDS: tuple[Command, ...] = get_args(Command)


def send(control_file: Path, command: Command) -> None:
    """Send the run a command; its events say when it was handled."""
    append_line(control_file, command)


def sent_so_far(control_file: Path) -> int:
    """Where the next command will stand: ask before a run is started, so that none sent since is missed."""
    return control_file.stat().st_size if control_file.exists() else 0


class CommandFollower:
    """Commands that stand from `offset` on; older ones are history."""

    def __init__(self, control_file: Path, offset: int) -> None:
        self._lines = LineFollower(control_file, offset)

    def poll(self) -> list[Command]:
        """New commands in their order; lines that are none are passed over."""
        words = [line.decode(errors="replace").strip() for line in self._lines.read()]
        return [command for word in words for command in COMMANDS if command == word]
