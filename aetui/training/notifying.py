"""Tells the user's own command when a run ends by itself, or its test loss falls low enough."""

import contextlib
import os
import subprocess
from collections.abc import Mapping

from aetui.config.user_settings import NotifySection
from aetui.files import append_line, open_to_append
from aetui.runs import states
from aetui.runs.events import EpochFinished, Event, StateChanged
from aetui.runs.folder import RunFolder
from aetui.text import format_number, safe_text
from aetui.training.ranks.environment import without_rank

ENDS = frozenset({states.FINISHED, states.FAILED, states.DIVERGED, states.OUT_OF_MEMORY})
"""A stop is somebody's wish, who need not be told."""


class Notifier:
    """Listens to a run's events. The command is not waited for; what it prints goes to the run's log.txt."""

    def __init__(self, folder: RunFolder, preset: str, settings: NotifySection) -> None:
        self._folder, self._preset, self._settings = folder, preset, settings
        self._environ = without_rank(os.environ)  # before PyTorch is imported, which needs another
        self._loss: float | None = None
        self._was_below = False

    def __call__(self, event: Event) -> None:
        if isinstance(event, EpochFinished):
            self._loss = event.test_loss
            below = self._settings.below
            if below is not None and event.test_loss < below and not self._was_below:
                self._was_below = True
                self._tell(f"below {below:g}", f"after epoch {event.epoch}")
        elif isinstance(event, StateChanged) and event.state in ENDS:
            self._tell(event.state.replace("_", " "), event.reason)

    def _tell(self, state: str, reason: str) -> None:
        words = {
            "run": self._folder.name,
            "preset": self._preset,
            "state": state,
            "loss": format_number(self._loss),
            "reason": reason,
        }
        command = [_filled(argument, words) for argument in self._settings.command]
        if not command:
            return
        try:
            with open_to_append(self._folder.log) as log:
                told = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
                subprocess.Popen(command, start_new_session=True, env=self._environ, **told)  # type: ignore[call-overload]
        except (OSError, ValueError) as error:
            with contextlib.suppress(OSError):
                append_line(self._folder.log, f"notify.command, {safe_text(command[0])}: {error}")


def _filled(argument: str, words: Mapping[str, str]) -> str:
    """The argument with the words in it; where they stand first they never make it an option of a program."""
    filled = argument
    for name, text in words.items():
        filled = filled.replace(f"{{{name}}}", safe_text(text))
    return filled if argument.startswith("-") else filled.lstrip("-")
