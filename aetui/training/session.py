"""The session owns the one training thread of a run and turns what happens to it into a state.

It is cheap to import and to make: PyTorch is loaded inside the thread, so that whoever made the
session can say so, handle signals and measure the machine meanwhile.
"""

import contextlib
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from aetui.data.catalogue import default_data_dir
from aetui.errors import (
    EXIT_DIVERGED,
    EXIT_DONE,
    EXIT_FAILURE,
    EXIT_STOPPED,
    AetuiError,
)
from aetui.files import is_in_place
from aetui.runs import states
from aetui.runs.event_log import EventWriter
from aetui.runs.events import (
    ActivityChanged,
    Emit,
    EpochFinished,
    Event,
    SettingChanged,
    StateChanged,
    StepsTrained,
    Twin,
    Warned,
)
from aetui.runs.folder import RunFolder
from aetui.text import plural
from aetui.training.control import Control, Stopped
from aetui.training.failures import failure_of, failure_of_rank
from aetui.training.ranks.roll import RankLost

if TYPE_CHECKING:
    from aetui.training.ranks.team import Team

HUNG_SECONDS = 5.0
"""How long another thread waits for the training thread to write an event."""


class Session:
    """Trains the run in `folder` from where it stands, in a thread of its own."""

    def __init__(
        self,
        folder: RunFolder,
        listener: Emit = lambda event: None,
        data_dir: Path | None = None,
        *,
        repair: bool = False,
    ) -> None:
        self.control = Control()
        self.exit_code: int | None = None
        """Set when the thread ends; see `aetui.errors`."""
        self.state = ""
        self.gpu_uuid: str | None = None
        self.team: Team | None = None
        """The processes that train this run, once they are together."""
        self.spins = False
        """Known once training is prepared: whether several CPU threads compute and wait for each other."""
        self.begun = False
        """Whether this process has taken a step."""
        self.thread = threading.Thread(target=self._run, name="aetui-training")
        self.folder = folder
        self.listeners = [listener]
        self._data_dir = data_dir or default_data_dir()
        self._repair = repair
        self._warned: set[str] = set()
        self._writer = EventWriter(folder.events, folder.reserve)
        self._writing = threading.Lock()
        self._meta_changes: dict[str, object] = {}

    def start(self) -> None:
        self.folder.reserve.keep()
        self.thread.start()

    @property
    def alive(self) -> bool:
        return self.thread.is_alive()

    def join(self, timeout_seconds: float | None = None) -> None:
        """Wait for the thread to end; one that could not be started has."""
        if self.thread.ident is not None:
            self.thread.join(timeout_seconds)

    def emit(self, event: Event) -> None:
        """Write an event to the run folder and call the listener; safe from any thread."""
        own = threading.current_thread() is self.thread
        if own:
            self.control.beats += 1
            self.begun = self.begun or isinstance(event, StepsTrained)
        if not self._writing.acquire(timeout=-1 if own else HUNG_SECONDS):
            self._tell(event)  # the disk hangs under the training thread; who listens hears of it
            return
        try:
            if isinstance(event, StateChanged):
                if event.state == self.state and not event.reason:
                    return
                self.state = event.state
            warning = self._writer.write(event)
            self._update_meta(event)
            for written in (event, warning):
                if written is not None:
                    self._tell(written)
        finally:
            self._writing.release()

    def abandon(self, reason: str | RankLost) -> None:
        """End the process though the training thread hangs."""
        if isinstance(reason, RankLost):
            self._end(*failure_of_rank(reason, self.folder))
        else:
            self._end(states.FAILED, EXIT_FAILURE, reason)
        os._exit(EXIT_FAILURE)

    def warn_once(self, message: str) -> None:
        """Say what a person should know, if it was not said before."""
        if message not in self._warned:
            self._warned.add(message)
            self.emit(Warned(message))

    def _tell(self, event: Event) -> None:
        for listen in self.listeners:
            listen(event)

    def _run(self) -> None:
        self.emit(StateChanged(states.STARTING))
        try:
            self._train()
        except RankLost as error:
            self._end(*failure_of_rank(error, self.folder))
        except AetuiError as error:
            state = _STATES.get(error.exit_code, states.FAILED)
            self._end(state, error.exit_code, error.sentence, getattr(error, "twin", None))
        except OSError as error:
            gone = f"the run's folder is gone: {self.folder.path}"
            why = f"{error.strerror}: {error.filename or self.folder.path}"
            self._end(states.FAILED, EXIT_FAILURE, why if is_in_place(self.folder.path) else gone)
        except Exception as error:
            self._end(*failure_of(error, self.folder))

    def _train(self) -> None:
        self.emit(ActivityChanged("loading PyTorch"))
        from aetui.training.loop import train
        from aetui.training.preparing import prepare
        from aetui.training.ranks.enlisting import led

        try:
            if self._repair:
                self._make_list_anew()
            preset = self.folder.read_preset()
            with led(self.control) as team:
                self.team = team
                training = prepare(self.folder, preset, self._data_dir, self.control, self.emit, team)
                self.gpu_uuid, self.spins = training.gpu_uuid, training.spins
                train(training, self.control, self.emit)
        except Stopped:
            self._end(states.STOPPED, EXIT_STOPPED)
        else:
            flat = f"no better for {plural(preset.train.patience, 'epoch')}" if training.is_flat else ""
            self._end(states.FINISHED, EXIT_DONE, flat)

    def _make_list_anew(self) -> None:
        from aetui.training.repair import repair_index

        self.emit(ActivityChanged("reading the checkpoints"))
        for note in repair_index(self.folder.checkpoints):
            self.emit(Warned(note))

    def _end(self, state: str, exit_code: int, reason: str = "", twin: Twin | None = None) -> None:
        self.exit_code = exit_code
        self.emit(ActivityChanged(""))
        self.emit(StateChanged(state, reason, twin))
        if self._writer.lacking:
            lost = f"{plural(self._writer.lacking, 'event')} could not be written to {self.folder.events}"
            self._tell(Warned(lost))
            with contextlib.suppress(OSError, AetuiError):
                self.folder.change_meta(reason=f"{reason}; {lost}" if reason else lost)
        self.folder.reserve.drop()

    def _update_meta(self, event: Event) -> None:
        """Keep meta.json in step; what the disk refuses now is written with the next event."""
        if isinstance(event, StateChanged):
            self._meta_changes |= {"state": event.state, "reason": event.reason}
        elif isinstance(event, SettingChanged) and event.key == "train.epochs":
            self._meta_changes["epochs_planned"] = int(event.value)
        elif isinstance(event, EpochFinished):
            self._meta_changes |= {
                "epochs": event.epoch,
                "test_loss": event.test_loss,
                "trained_seconds": event.total_seconds,
            }
            if event.best:
                self._meta_changes["best_loss"] = event.test_loss
        with contextlib.suppress(OSError, AetuiError, MemoryError):
            if self._meta_changes:
                self.folder.reserve.write(lambda: self.folder.change_meta(**self._meta_changes))
                self._meta_changes = {}


_STATES = {EXIT_DIVERGED: states.DIVERGED}
