"""What others request of the training thread; it looks once a step."""

import threading

from aetui.runs import states
from aetui.runs.control import Command


class Stopped(Exception):
    """A stop was requested and done; what there was to save is saved."""


class Control:
    """Requests from outside, safe to call from any thread.

    `pending` is a plain attribute, so that a step without a request costs one look at it.
    """

    def __init__(self) -> None:
        self.pending = False
        self.detached = False
        self._changed = threading.Condition()
        self._paused = False
        self._stopping = False
        self._checkpoint = False
        self._preview = False
        self._probe = False

    @property
    def paused(self) -> bool:
        return self._paused

    @property
    def running_state(self) -> str:
        """The run's state while it is not paused."""
        return states.DETACHED if self.detached else states.RUNNING

    @property
    def stopping(self) -> bool:
        return self._stopping

    def handle(self, command: Command) -> None:
        """Request what a command says."""
        requests = {
            "pause": self.pause,
            "resume": self.resume,
            "checkpoint": self.checkpoint,
            "preview": self.preview,
            "probe": self.probe,
            "stop": self.stop,
        }
        requests[command]()

    def pause(self) -> None:
        self._request(_paused=True)

    def resume(self) -> None:
        self._request(_paused=False)

    def checkpoint(self) -> None:
        self._request(_checkpoint=True)

    def preview(self) -> None:
        self._request(_preview=True)

    def probe(self) -> None:
        self._request(_probe=True)

    def stop(self) -> None:
        self._request(_stopping=True)

    def detach(self) -> None:
        """The terminal or program that started the run is gone."""
        self._request(detached=True)

    def take_checkpoint(self) -> bool:
        """Whether a checkpoint is requested; the request is taken as received."""
        with self._changed:
            requested, self._checkpoint = self._checkpoint, False
        return requested

    def take_preview(self) -> bool:
        """Whether pictures of this moment are requested; the request is taken as received."""
        with self._changed:
            requested, self._preview = self._preview, False
        return requested

    def take_probe(self) -> bool:
        """Whether a probe of this moment is requested; the request is taken as received."""
        with self._changed:
            requested, self._probe = self._probe, False
        return requested

    def acknowledge(self) -> None:
        """Begin to do what is requested: what comes from now on is a new request."""
        self.pending = False

    def wait(self) -> None:
        """Sleep until the next request."""
        with self._changed:
            self._changed.wait_for(lambda: self.pending)

    def wait_while_paused(self) -> None:
        """Sleep until a resume or a stop is requested."""
        with self._changed:
            self._changed.wait_for(lambda: not self._paused or self._stopping)

    def _request(self, **changes: bool) -> None:
        with self._changed:
            for name, value in changes.items():
                setattr(self, name, value)
            self.pending = True
            self._changed.notify_all()
