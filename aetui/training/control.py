"""What others request of the training thread; it looks once a step."""

import threading

from aetui.runs import states
from aetui.runs.control import SET, Command


class Stopped(Exception):
    """A stop was requested and done; what there was to save is saved."""


class Control:
    """Requests from outside, safe to make from any thread.

    Attributes are to be read only; `pending` is a plain one, so that a step without a request costs one look.
    """

    def __init__(self) -> None:
        self.pending = False
        self.paused = False
        self.stopping = False
        self.detached = False
        """The terminal or program that started the run is gone."""
        self._changed = threading.Condition()
        self._changes: list[str] = []
        """Settings that are to be others, as `section.key=value`."""
        self._requested: set[str] = set()
        """What is done once and then forgotten, as a checkpoint."""
        self._retry = False
        self.beats = 0
        """A sign of life of the training thread, which counts up."""

    @property
    def running_state(self) -> str:
        """The run's state while it is not paused."""
        return states.DETACHED if self.detached else states.RUNNING

    def request(self, command: str) -> None:
        """Request what a command says."""
        with self._changed:
            self._retry = self._retry or command in ("resume", "make-room")
            if command in ("pause", "resume"):
                self.paused = command == "pause"
            elif command == "stop":
                self.stopping = True
            elif command.startswith(SET):
                self._changes.append(command.removeprefix(SET))
            else:
                self._requested.add(command)
            self._notify()

    def detach(self) -> None:
        """Go on without the terminal or program that started the run."""
        with self._changed:
            self.detached = True
            self._notify()

    def take(self, command: Command) -> bool:
        """Whether the command is requested; asking forgets the request."""
        with self._changed:
            requested = command in self._requested
            self._requested.discard(command)
        return requested

    def take_change(self) -> str | None:
        """The next setting that is to be another; asking forgets it."""
        with self._changed:
            return self._changes.pop(0) if self._changes else None

    def acknowledge(self) -> None:
        """Begin to do what is requested: what comes from now on is a new request."""
        self.pending = False

    def wait(self) -> None:
        """Sleep until the next request."""
        with self._changed:
            self._changed.wait_for(lambda: self.pending)

    def wait_to_retry(self, seconds: float) -> bool:
        """Sleep so long, for ever while a pause is requested, or until somebody wants it tried again.

        Returns whether somebody does.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._retry or self.stopping, None if self.paused else seconds)
            wanted, self._retry = self._retry, False
        return wanted

    def _notify(self) -> None:
        self.pending = True
        self._changed.notify_all()
