"""What others request of the training thread; it looks once a step."""

import contextlib
import threading
from collections.abc import Callable, Iterator

from aetui.runs import states
from aetui.runs.control import Command


class Stopped(Exception):
    """A stop was requested and done; what there was to save is saved."""


class Control:
    """Requests from outside, safe to make from any thread.

    `pending` is a plain attribute, so that a step without a request costs one look at it.
    """

    def __init__(self) -> None:
        self.pending = False
        self.paused = False
        self.stopping = False
        self.detached = False
        """The terminal or program that started the run is gone."""
        self._changed = threading.Condition()
        self._requested: set[Command] = set()
        """What is done once and then forgotten: checkpoint, preview, probe."""

    @property
    def running_state(self) -> str:
        """The run's state while it is not paused."""
        return states.DETACHED if self.detached else states.RUNNING

    def request(self, command: Command) -> None:
        """Request what a command says."""
        with self._changing():
            if command in ("pause", "resume"):
                self.paused = command == "pause"
            elif command == "stop":
                self.stopping = True
            else:
                self._requested.add(command)

    def detach(self) -> None:
        """Go on without the terminal or program that started the run."""
        with self._changing():
            self.detached = True

    def take(self, command: Command) -> bool:
        """Whether the command is requested; the request is taken as received."""
        with self._changed:
            requested = command in self._requested
            self._requested.discard(command)
        return requested

    def acknowledge(self) -> None:
        """Begin to do what is requested: what comes from now on is a new request."""
        self.pending = False

    def wait(self) -> None:
        """Sleep until the next request."""
        self._wait_for(lambda: self.pending)

    def wait_while_paused(self) -> None:
        """Sleep until a resume or a stop is requested."""
        self._wait_for(lambda: not self.paused or self.stopping)

    def _wait_for(self, done: Callable[[], bool]) -> None:
        with self._changed:
            self._changed.wait_for(done)

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        with self._changed:
            yield
            self.pending = True
            self._changed.notify_all()
