"""Starting the processes of a run on this machine, as torchrun's agent does, and waiting for their end.

https://docs.pytorch.org/docs/stable/elastic/multiprocessing.html
"""

import contextlib
import ctypes
import logging
import os
import signal
import socket
import sys
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from types import FrameType
from typing import TYPE_CHECKING

from aetui.devices.available import available_devices
from aetui.errors import EXIT_DONE, EXIT_FAILURE, EXIT_SIGNAL, AetuiError, UsageError
from aetui.files import held_in_place, is_in_place
from aetui.runs import states
from aetui.runs.event_lines import from_json
from aetui.runs.event_log import EventWriter
from aetui.runs.events import Emit, StateChanged
from aetui.runs.folder import RunFolder
from aetui.runs.lines import LineFollower
from aetui.training.ownership import owned
from aetui.training.ranks.environment import LOOPBACK, ranks, told_by_us
from aetui.training.stop_signals import StopSignals

if TYPE_CHECKING:
    from torch.distributed import TCPStore  # type: ignore[attr-defined]
    from torch.distributed.elastic.multiprocessing.errors import ProcessFailure

MOST_A_CORE = 4
"""Processes that are started: a config.toml from elsewhere may ask for any number."""
LOOK_SECONDS = 0.1
CONNECT_SECONDS = 5.0
PARENT_DEATH_SIGNAL = 1
"""https://man7.org/linux/man-pages/man2/PR_SET_PDEATHSIG.2const.html"""
OUTPUT_TO_LOG = "output-to-log"
"""Has a rank's process write what it prints into the run's log.txt."""
STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
"""That all ranks are told."""
PASSED_ON = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""That a rank hears as soon as it can do something about them."""


def wake_with_launcher() -> None:
    """Have the kernel wake this rank when the process that started it dies: Ctrl-Z may have stopped both."""
    with contextlib.suppress(AttributeError):  # Linux alone has it
        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGCONT)


def processes_of(folder: RunFolder) -> int:
    """How many processes are to be started for a run; 1 where this is one of them, and where one is all.

    A config.toml that cannot be read is told of by whoever trains by it. Raises UsageError for too many.
    """
    if ranks() > 1:
        return 1
    try:
        wanted = folder.read_preset().train.processes
    except AetuiError:
        return 1
    if wanted != "gpus":
        most = MOST_A_CORE * (os.cpu_count() or 1)
        if wanted > most:
            raise UsageError(f"{wanted:,} processes are too many for this machine", f"take at most {most:,}")
        return wanted
    gpus = [one for one in available_devices() if one.name.startswith("cuda:") and not one.problem]
    return max(1, len(gpus))


def launch(folder: RunFolder, processes: int, words: Sequence[str], tell: Emit) -> int:
    """Train a run by so many processes; returns the exit code of rank 0.

    `words` are the arguments of `python -m aetui.training`. `tell` hears of the run's events, as its log has
    them. Call it from the main thread. Raises AetuiError where rank 0 ends without a word.
    """
    logging.disable(logging.CRITICAL)  # what the launcher says, the run's log says for people
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # until each rank knows how many there are on this machine
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo0" if sys.platform == "darwin" else "lo")
    os.environ["TORCHELASTIC_SIGNALS_TO_HANDLE"] = ""  # none: they are passed on from here
    with held_in_place(folder.path), _followed(folder, tell):
        return _Launcher(folder).run(processes, [*words, OUTPUT_TO_LOG])


class _Launcher:
    """The processes of a run, which the terminal does not reach: what it tells this one is passed on."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._pids: list[int] = []
        """Of the ranks, once they are started."""
        self._stops = StopSignals()
        self._parent = os.getppid()
        self._has_terminal = True
        for number in STOPS:
            signal.signal(number, self._stop)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            signal.signal(signal.SIGHUP, self._lose_terminal)
        signal.signal(signal.SIGTSTP, self._stand_still)

    def run(self, processes: int, words: Sequence[str]) -> int:
        """Start the ranks and wait for their end; returns the exit code."""
        from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, start_processes

        store, mark = _store(), uuid.uuid4().hex
        if self._stops.received:
            return self._code_of({})
        before = signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)  # until each rank hears them
        try:
            started = start_processes(
                name="aetui",
                entrypoint=sys.executable,
                args=dict.fromkeys(range(processes), ("-P", "-m", "aetui.training", *words)),
                envs={rank: told_by_us(rank, processes, store.port, mark) for rank in range(processes)},
                logs_specs=DefaultLogsSpecs(log_dir=os.devnull),
            )
            self._pids = list(started.pids().values())
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for number in self._stops.received[:1]:
            self._tell(self._pids, number)
        if not self._has_terminal:
            self._tell(self._pids[:1], signal.SIGHUP)
        while (result := started.wait(LOOK_SECONDS, period=LOOK_SECONDS)) is None:
            if self._has_terminal and os.getppid() != self._parent:
                self._lose_terminal(signal.SIGHUP, None)
        return self._code_of(result.failures)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        """Rank 0 ends at the first signal as soon as all is saved, and at the second at once."""
        if self._stops.hear(number):
            if not self._pids:
                os._exit(EXIT_SIGNAL + number)
            self._tell(self._pids[1:], signal.SIGKILL)  # they have nothing to save
        self._tell(self._pids, number)

    def _lose_terminal(self, number: int, frame: FrameType | None) -> None:
        """Rank 0 has the run, and says so. The same where the app that started this process is gone."""
        self._has_terminal = False
        self._tell(self._pids[:1], number)

    def _stand_still(self, number: int, frame: FrameType | None) -> None:
        """Ctrl-Z: the ranks stop with this process and go on with it."""
        self._tell(self._pids, signal.SIGSTOP)
        os.kill(os.getpid(), signal.SIGSTOP)
        self._tell(self._pids, signal.SIGCONT)

    @staticmethod
    def _tell(pids: Sequence[int], number: int) -> None:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _code_of(self, failures: Mapping[int, "ProcessFailure"]) -> int:
        """Of rank 0, or what it has told of the others. Raises AetuiError where it could not."""
        folder, received = self._folder, self._stops.received
        if not is_in_place(folder.path):
            raise AetuiError(f"The run's folder is gone: {folder.path}")
        meta = folder.read_meta()
        has_begun = bool(self._pids) and meta.pid == self._pids[0]
        if received and not has_begun:
            _say(folder, states.STOPPED)
            return EXIT_SIGNAL + received[0]
        if not failures:
            return EXIT_DONE
        rank, failure = next(iter(failures.items()))  # the first: the others were ended for its sake
        own = failures.get(0)
        misled = not received and rank and meta.state == states.STOPPED  # told to end for its sake
        if has_begun and own and own.exitcode > 0 and not misled:
            if meta.state in states.LIVE and own.exitcode < EXIT_SIGNAL:
                raise AetuiError(
                    f"{folder.called} has ended, and could not write how to {folder.path}",
                    "mend that disk, then `aetui resume` goes on from the newest checkpoint",
                )
            return own.exitcode
        if received:
            return EXIT_SIGNAL + received[0]
        if has_begun and meta.state not in states.LIVE and not misled:
            return states.EXIT_CODES.get(meta.state, EXIT_FAILURE)
        how = f"signal {-failure.exitcode}" if failure.exitcode < 0 else f"exit code {failure.exitcode}"
        sentence = f"rank {rank} (process {failure.pid}) ended: {how}"
        _say(folder, states.INTERRUPTED, sentence)
        raise AetuiError(
            f"{sentence}, see {folder.log}",
            f"`aetui resume {folder.called}` goes on from the newest checkpoint",
        )


def _say(folder: RunFolder, state: str, reason: str = "") -> None:
    """What rank 0 would have said."""
    with contextlib.suppress(OSError, AetuiError), owned(folder):
        EventWriter(folder.events, folder.reserve).write(StateChanged(state, reason))
        folder.change_meta(state=state, reason=reason)


def _store() -> "TCPStore":
    """What the ranks find each other by, on this machine's loopback alone.

    torchrun's own listens on all of its addresses, and unpickles what stands in it.
    """
    from torch.distributed import TCPStore  # type: ignore[attr-defined]

    line = socket.create_server((LOOPBACK, 0))
    try:
        socket.create_connection(line.getsockname(), timeout=CONNECT_SECONDS).close()
    except OSError as error:
        why = (
            f"The processes of a run find each other by {LOOPBACK}, which cannot be reached: {error.strerror}"
        )
        hint = "`ip link set lo up` mends that, or train with --processes 1"
        raise AetuiError(why, hint) from None
    port = line.getsockname()[1]
    return TCPStore(LOOPBACK, port, is_master=True, wait_for_workers=False, master_listen_fd=line.detach())


@contextlib.contextmanager
def _followed(folder: RunFolder, tell: Emit) -> Iterator[None]:
    """Tell of what comes into the log meanwhile, from a thread of its own."""
    size = folder.events.stat().st_size if folder.events.exists() else 0
    lines, over = LineFollower(folder.events, size), threading.Event()

    def follow() -> None:
        last = False
        while not last:
            last = over.wait(LOOK_SECONDS)
            with contextlib.suppress(OSError):
                for line in lines.read() if is_in_place(folder.path) else ():
                    with contextlib.suppress(ValueError):
                        tell(from_json(line)[0])

    thread = threading.Thread(target=follow, name="aetui-follower", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
