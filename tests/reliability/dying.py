"""A process that trains and kills itself with SIGKILL at a chosen call or step, as an outage would."""

import multiprocessing
import os
import signal
from pathlib import Path
from typing import Any

from aetui.runs.folder import RunFolder

CALLS = ("fsync", "replace", "unlink", "open")


def train_until_death(folder: Path, what: str, number: int, *, before: bool) -> int:
    """Train the run in a process of its own, killed at the `number`-th `what`; returns the exit code."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch", "torchvision", "aetui.training.training", "aetui.training.loop"])
    process = context.Process(target=_train, args=(str(folder), what, number, before))
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def _train(folder: str, what: str, number: int, before: bool) -> None:
    from aetui.data.generated import digits
    from aetui.training import data, loop
    from aetui.training.supervisor import supervise

    small = digits(train=200, test=70)
    data.load = lambda *_, **__: small  # type: ignore[assignment]
    if what == "step":
        loop.take_step = _Deadly(loop.take_step, number, before, "")
    else:
        setattr(os, what, _Deadly(getattr(os, what), number, before, folder))
    raise SystemExit(supervise(RunFolder(Path(folder))))


class _Deadly:
    """A function that is the process's last thing to do, before or after it is done for the n-th time."""

    def __init__(self, function: Any, number: int, before: bool, folder: str) -> None:
        self._function, self._left, self._before, self._folder = function, number, before, folder

    def __call__(self, *arguments: Any, **more: Any) -> Any:
        counts = not self._folder or _path(arguments[0]).startswith(self._folder)
        self._left -= counts
        if counts and self._left == 0 and self._before:
            os.kill(os.getpid(), signal.SIGKILL)
        result = self._function(*arguments, **more)
        if counts and self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result


def _path(argument: Any) -> str:
    if isinstance(argument, int):
        return str(Path(f"/proc/self/fd/{argument}").readlink())
    return os.fsdecode(argument)
