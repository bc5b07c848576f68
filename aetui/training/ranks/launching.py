"""Starting the processes of a run on this machine, as torchrun's agent does, and waiting for their end.

https://docs.pytorch.org/docs/stable/elastic/multiprocessing.html
"""

import contextlib
import logging
import os
import signal
import socket
import sys
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from aetui.devices.available import available_devices
from aetui.errors import EXIT_DONE, EXIT_FAILURE, EXIT_SIGNAL, AetuiError, UsageError
from aetui.files import held_in_place, is_in_place
from aetui.runs import states
from aetui.runs.events import Emit, from_json
from aetui.runs.folder import RunFolder
from aetui.runs.lines import LineFollower
from aetui.runs.liveness import find_state
from aetui.training.ranks.environment import LOOPBACK, ranks, told_by_us

if TYPE_CHECKING:
    from torch.distributed import TCPStore  # type: ignore[attr-defined]
    from torch.distributed.elastic.multiprocessing.errors import ProcessFailure

MOST_A_CORE = 4
"""Processes that are started: a config.toml from elsewhere may ask for any number."""
LOOK_SECONDS = 0.1
OUTPUT_TO_LOG = "output-to-log"
"""Has a rank's process write what it prints into the run's log.txt."""
SIGNALS = "SIGTERM,SIGINT,SIGQUIT"
"""That are passed on to all ranks; a lost terminal ends none."""


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
    os.environ["TORCHELASTIC_SIGNALS_TO_HANDLE"] = SIGNALS
    signal.signal(signal.SIGHUP, lambda *_: None)  # until there is somebody to be told; not inherited
    with held_in_place(folder.path), _followed(folder, tell):
        return _launched(folder, processes, [*words, OUTPUT_TO_LOG])


def _launched(folder: RunFolder, processes: int, words: Sequence[str]) -> int:
    from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, SignalException, start_processes

    store, mark = _store(), uuid.uuid4().hex
    started = start_processes(
        name="aetui",
        entrypoint=sys.executable,
        args=dict.fromkeys(range(processes), ("-P", "-m", "aetui.training", *words)),
        envs={rank: told_by_us(rank, processes, store.port, mark) for rank in range(processes)},
        logs_specs=DefaultLogsSpecs(log_dir=os.devnull),
    )
    pids = started.pids()
    signal.signal(signal.SIGHUP, lambda *_: _tell_detached(folder, pids[0]))
    signal.signal(signal.SIGTSTP, lambda *_: _stand_still(list(pids.values())))
    try:
        result = started.wait(period=LOOK_SECONDS)
    except SignalException as received:
        started.close(received.sigval)
        return EXIT_SIGNAL + int(received.sigval)
    if result and result.failures:
        return _code_of(result.failures, folder)
    return EXIT_DONE


def _store() -> "TCPStore":
    """What the ranks find each other by, on this machine's loopback alone.

    torchrun's own listens on all of its addresses, and unpickles what stands in it.
    """
    from torch.distributed import TCPStore  # type: ignore[attr-defined]

    line = socket.create_server((LOOPBACK, 0))
    port = line.getsockname()[1]
    return TCPStore(LOOPBACK, port, is_master=True, wait_for_workers=False, master_listen_fd=line.detach())


def _tell_detached(folder: RunFolder, pid: int) -> None:
    """Rank 0, which is in a session of its own, hears from here that the terminal is gone."""
    with contextlib.suppress(AetuiError, OSError):
        meta = folder.read_meta()
        if meta.pid == pid and meta.state in (states.RUNNING, states.PAUSED):  # it can take the signal
            os.kill(pid, signal.SIGHUP)


def _stand_still(pids: Sequence[int]) -> None:
    """Ctrl-Z: the ranks, which the terminal does not reach, stop with this process and go on with it."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
    os.kill(os.getpid(), signal.SIGSTOP)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def _code_of(failures: Mapping[int, "ProcessFailure"], folder: RunFolder) -> int:
    """That of rank 0, or what it has told of the others. Raises AetuiError where it could not."""
    if not is_in_place(folder.path):
        raise AetuiError(f"The run's folder is gone: {folder.path}")
    first = failures.get(0)
    if first and first.exitcode > 0:
        return first.exitcode
    meta = folder.read_meta()
    state = find_state(folder, meta)
    if state in states.EXIT_CODES:
        return states.EXIT_CODES[state]
    if not meta.reason:
        rank, failure = min(failures.items())
        how = f"signal {-failure.exitcode}" if failure.exitcode < 0 else f"exit code {failure.exitcode}"
        raise AetuiError(
            f"rank {rank} (process {failure.pid}) ended: {how}, see {folder.log}",
            f"`aetui resume {folder.called}` goes on from the newest checkpoint",
        )
    return EXIT_FAILURE


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
