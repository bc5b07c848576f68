"""Processes that train and kill themselves with SIGKILL at a chosen call or step, as an outage would.

As a program it loads PyTorch once and forks such a process for every line of its standard input.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CALLS = ("fsync", "replace", "rename", "unlink", "open")


class Undertaker:
    """Starts processes that die, and tells how each ended."""

    def __init__(self) -> None:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        command = [sys.executable, __file__]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def train_until_death(
        self, folder: Path, what: str, number: int, *, before: bool, repair: bool = False
    ) -> int:
        """Train the run in a process killed before or after the `number`-th `what`; returns its exit code.

        `repair` makes its list of checkpoints anew first.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([str(folder), what, number, before, repair]) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


@contextlib.contextmanager
def undertaker() -> Iterator[Undertaker]:
    """One that is gone with all its processes at the end."""
    one = Undertaker()
    try:
        yield one
    finally:
        one.close()


def main() -> None:
    import aetui.training.loop  # noqa: F401 -- and PyTorch with it, before the forks

    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            os.dup2(2, 1)
            os._exit(_train(*json.loads(line)))
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _train(folder: str, what: str, number: int, before: bool, repair: bool) -> int:
    from aetui.data.generated import digits
    from aetui.runs.folder import RunFolder
    from aetui.training import data, loop
    from aetui.training.supervisor import supervise

    small = digits(train=200, test=70)
    data.load = lambda *_, **__: small  # type: ignore[assignment]
    if what == "step":
        loop.take_step = _Deadly(loop.take_step, number, before, "")
    else:
        setattr(os, what, _Deadly(getattr(os, what), number, before, folder))
    return supervise(RunFolder(Path(folder)), repair=repair)


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


if __name__ == "__main__":
    main()
