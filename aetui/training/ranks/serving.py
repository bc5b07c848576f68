"""The process of a rank behind the first: its main thread says that it is there, and hears signals."""

import math
import os
import signal
import sys
import threading
import time
import traceback
from types import FrameType
from typing import TYPE_CHECKING

from aetui.devices.machine import Machine, MachineSampled
from aetui.errors import EXIT_DONE, EXIT_FAILURE, EXIT_SIGNAL
from aetui.training.control import Control, Stopped
from aetui.training.failures import is_out_of_memory
from aetui.training.ranks import environment
from aetui.training.ranks.roll import SAY_SECONDS, Failure

if TYPE_CHECKING:
    from aetui.training.ranks.team import Team

LOOK_SECONDS = 0.1
STOP_SECONDS = 25.0
"""How long rank 0 may take to end all, once this rank was told to stop; torchrun kills after 30."""
END_SECONDS = 3.0
"""How long the thread may take, once all is over."""
LONGEST_TRACEBACK = 4000


def serve() -> int:
    """Train as rank 0 orders until it says that there is no more to do; returns the exit code.

    Call it from the main thread of a process that torchrun started.
    """
    service = _Service()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, service.stop)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the terminal is gone, and training goes on
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    return service.run()


class _Service:
    """The training thread of a rank, and what its process hears meanwhile."""

    def __init__(self) -> None:
        self._team: Team | None = None
        self._control = Control()
        self._code = EXIT_FAILURE
        self._told_at = math.inf
        """When a signal has said that this rank is to stop."""
        self._machine, self._watches_gpu = Machine(), False
        self._say_at = 0.0
        self._thread = threading.Thread(target=self._train, name="aetui-rank", daemon=True)

    def stop(self, number: int, frame: FrameType | None) -> None:
        """A signal: rank 0 is asked to end all."""
        self._told_at, self._code = min(self._told_at, time.monotonic()), EXIT_SIGNAL + number
        self._control.request("stop")

    def run(self) -> int:
        """Wait for the thread, and say now and then that this rank is there."""
        self._thread.start()
        end_at = math.inf
        while self._thread.is_alive():
            self._thread.join(LOOK_SECONDS)
            if self._is_over():
                end_at = min(end_at, time.monotonic() + END_SECONDS)
            if time.monotonic() > min(self._told_at + STOP_SECONDS, end_at):
                os._exit(self._code)
        return self._code

    def _is_over(self) -> bool:
        """Whether rank 0 says so, or nobody can be heard; they hear of this rank meanwhile."""
        team = self._team
        if team is None or team.roll is None:
            return environment.is_orphaned()  # it would wait for the others for half an hour
        try:
            if time.monotonic() > self._say_at:
                self._say_at = time.monotonic() + SAY_SECONDS
                team.roll.say(team.sample(self._look(team)))
            if self._told_at < math.inf:
                team.roll.ask_to_stop()
            if team.roll.is_at_end:
                self._code = _own_code(self._code)
                return True
        except RuntimeError:  # torchrun, or the machine that has its store, is gone
            return True
        return False

    def _look(self, team: "Team") -> MachineSampled:
        if team.device and team.device.uuid and not self._watches_gpu:
            self._watches_gpu = True
            self._machine.watch_gpu(team.device.uuid)
        return self._machine.sample()

    def _train(self) -> None:
        from aetui.training.ranks.enlisting import is_broken_line, joined
        from aetui.training.ranks.follower import follow

        try:
            self._team = joined(self._control)
            self._code = _own_code(follow(self._team, self._control))
            self._team.leave()
            if self._code != EXIT_DONE:
                threading.Event().wait()  # until rank 0 is at its end: it would be ended for the sake of this
        except Stopped:  # before all were together; rank 0 hears of it
            self._code = _own_code(EXIT_FAILURE)
        except Exception as error:
            if not is_broken_line(error):
                self._say_why(error)

    def _say_why(self, error: Exception) -> None:
        what = str(error).partition("\n")[0] or type(error).__name__
        sentence = f"{environment.name()}: {type(error).__name__}: {what}"
        told = "".join(traceback.format_exception(error))[-LONGEST_TRACEBACK:]
        print(f"aetui: {sentence}", file=sys.stderr)
        if self._team and self._team.roll:
            self._team.roll.fail(Failure(sentence, is_out_of_memory(error), told))


def _own_code(code: int) -> int:
    """The exit code of a rank whose rank 0 exits with `code`.

    On one machine it is 0, since that one's is the run's. Of several, each has a torchrun of its own, which
    takes 0 for the end of all, and does not come when the others are to be started anew.
    """
    return code if environment.is_on_several_machines() else EXIT_DONE
