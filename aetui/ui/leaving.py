"""How the app is left: by a key, by a signal, or since the terminal is gone."""

import asyncio
import contextlib
import os
import signal
import threading

from textual.app import App

from aetui.errors import EXIT_SIGNAL, AetuiError
from aetui.runs import states
from aetui.runs.folder import RunFolder
from aetui.runs.liveness import find_state
from aetui.runs.trainer import Trainer
from aetui.ui.driver import QuietDriver
from aetui.ui.last_words import goes_on, last_word
from aetui.ui.parts.dialogs import QuitScreen

LEAVE_SECONDS = 10.0
"""How long a trainer may take for its last checkpoint when a signal asks the app to end."""
LOOK_SECONDS = 1.0
"""How often it is looked whether the terminal is gone."""


class LeavingApp(App[None]):
    """An app with trainers, which are asked for a checkpoint, or left to train on, when it ends."""

    def __init__(self, watched: RunFolder | None = None) -> None:
        super().__init__(driver_class=QuietDriver)
        self.farewell = ""
        """A last word for the shell."""
        self._watch = watched
        self._trainers: list[Trainer] = []
        self._signalled = False

    @property
    def training(self) -> list[Trainer]:
        """The trainers of this app that are at work."""
        return [trainer for trainer in self._trainers if trainer.at_work]

    def on_load(self) -> None:
        """Before the terminal is touched: from here on every signal restores it."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._on_signal, number)

    def on_mount(self) -> None:
        self.set_interval(LOOK_SECONDS, self._leave_if_hung_up)

    def _leave_if_hung_up(self) -> None:
        if isinstance(self._driver, QuietDriver) and self._driver.is_hung_up and not self._signalled:
            self._on_signal(signal.SIGHUP)

    def action_leave(self) -> None:
        """Quit; while something trains, ask how."""
        if self.training:
            self.push_screen(QuitScreen([t.folder.name for t in self.training]), self._leave_as_chosen)
            return
        with contextlib.suppress(AetuiError):
            if self._watch and find_state(self._watch, self._watch.read_meta()) in states.LIVE:
                self.farewell = goes_on(self._watch)
        self.exit()

    def _leave_as_chosen(self, choice: str | None) -> None:
        asked = self.training
        if choice == "go on":
            with contextlib.suppress(AetuiError):
                self.farewell = "\n".join(goes_on(trainer.folder) for trainer in asked)
            self.exit()
        elif choice == "stop":
            for trainer in asked:
                trainer.terminate()
            self.notify("Saving a checkpoint, then leaving …", timeout=30)
            self.set_interval(0.1, lambda: self._exit_when_ended(asked))

    def _exit_when_ended(self, asked: list[Trainer]) -> None:
        if not any(trainer.at_work for trainer in asked):
            self.farewell = "\n".join(map(last_word, asked))
            self.exit()

    def _on_signal(self, number: int) -> None:
        """SIGHUP: leave, training goes on. Others: checkpoint and leave, the second time at once."""
        again, self._signalled = self._signalled, True
        self._exit_within(LEAVE_SECONDS, EXIT_SIGNAL + number)
        if number != signal.SIGHUP:
            for trainer in self.training:
                trainer.terminate()
        if again or number == signal.SIGHUP:
            self.exit(return_code=EXIT_SIGNAL + number)
        else:
            self.run_worker(self._leave_when_saved(EXIT_SIGNAL + number))

    async def _leave_when_saved(self, exit_code: int) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_SECONDS - 2):
                while self.training:
                    await asyncio.sleep(0.05)
        self.exit(return_code=exit_code)

    def _exit_within(self, seconds: float, exit_code: int) -> None:
        """Leave for certain, even where a dead terminal blocks every write."""
        timer = threading.Timer(seconds, os._exit, [exit_code])
        timer.daemon = True
        timer.start()
