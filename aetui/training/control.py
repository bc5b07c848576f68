"""What others want of the training thread; it looks once a step."""

import threading

from aetui.runs.control import Command


class Stopped(Exception):
    """A stop was wished for and obeyed; what there was to save is saved."""


class Control:
    """Wishes from outside, safe to call from any thread.

    `pending` is a plain attribute, so that a step without a wish costs one look at it.
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
    def stopping(self) -> bool:
        return self._stopping

    def obey(self, command: Command) -> None:
        """Wish for what a command says."""
        wishes = {
            "pause": self.pause,
            "resume": self.resume,
            "checkpoint": self.checkpoint,
            "preview": self.preview,
            "probe": self.probe,
            "stop": self.stop,
        }
        wishes[command]()

    def pause(self) -> None:
        self._wish(_paused=True)

    def resume(self) -> None:
        self._wish(_paused=False)

    def checkpoint(self) -> None:
        self._wish(_checkpoint=True)

    def preview(self) -> None:
        self._wish(_preview=True)

    def probe(self) -> None:
        self._wish(_probe=True)

    def stop(self) -> None:
        self._wish(_stopping=True)

    def detach(self) -> None:
        """The terminal or program that started the run is gone."""
        self._wish(detached=True)

    def take_checkpoint(self) -> bool:
        """Whether a checkpoint is wished for; the wish is taken as heard."""
        with self._changed:
            wished, self._checkpoint = self._checkpoint, False
        return wished

    def take_preview(self) -> bool:
        """Whether pictures of this moment are wished for; the wish is taken as heard."""
        with self._changed:
            wished, self._preview = self._preview, False
        return wished

    def take_probe(self) -> bool:
        """Whether a probe of this moment is wished for; the wish is taken as heard."""
        with self._changed:
            wished, self._probe = self._probe, False
        return wished

    def heard(self) -> None:
        """Begin to obey: what is wished from now on is a new wish."""
        self.pending = False

    def wait(self) -> None:
        """Sleep until the next wish."""
        with self._changed:
            self._changed.wait_for(lambda: self.pending)

    def wait_while_paused(self) -> None:
        """Sleep until a resume or a stop is wished for."""
        with self._changed:
            self._changed.wait_for(lambda: not self._paused or self._stopping)

    def _wish(self, **changes: bool) -> None:
        with self._changed:
            for name, value in changes.items():
                setattr(self, name, value)
            self.pending = True
            self._changed.notify_all()
