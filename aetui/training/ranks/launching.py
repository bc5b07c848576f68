"""Starting the processes of a run as torchrun does, by PyTorch's launcher, and waiting for their end.

https://docs.pytorch.org/docs/stable/elastic/run.html
"""

import contextlib
import logging
import os
import signal
import sys
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from aetui.devices.available import available_devices
from aetui.errors import EXIT_DONE, EXIT_FAILURE, EXIT_SIGNAL, AetuiError, UsageError
from aetui.runs import states
from aetui.runs.events import Emit, from_json
from aetui.runs.folder import RunFolder
from aetui.runs.lines import LineFollower
from aetui.runs.liveness import find_state
from aetui.training.ranks import environment

if TYPE_CHECKING:
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
    if environment.ranks() > 1:
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
    signal.signal(signal.SIGHUP, lambda *_: _tell_detached(folder))
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # until each rank knows how many there are on this machine
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo0" if sys.platform == "darwin" else "lo")
    with _followed(folder, tell):
        return _launched(folder, processes, [*words, OUTPUT_TO_LOG])


def _tell_detached(folder: RunFolder) -> None:
    """Rank 0, which is in a session of its own, hears from here that the terminal is gone."""
    with contextlib.suppress(AetuiError, OSError):
        meta = folder.read_meta()
        if meta.pid and meta.state in (states.RUNNING, states.PAUSED):
            os.kill(meta.pid, signal.SIGHUP)


def _launched(folder: RunFolder, processes: int, words: Sequence[str]) -> int:
    from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=processes,
        run_id=uuid.uuid4().hex,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        local_addr="localhost",
        max_restarts=0,
        logs_specs=DefaultLogsSpecs(log_dir=os.devnull),
        signals_to_handle=SIGNALS,
    )
    try:
        elastic_launch(config, sys.executable)("-P", "-m", "aetui.training", *words)
    except SignalException as received:
        return EXIT_SIGNAL + int(received.sigval)
    except ChildFailedError as error:
        return _code_of(error.failures, folder)
    return EXIT_DONE


def _code_of(failures: Mapping[int, "ProcessFailure"], folder: RunFolder) -> int:
    """That of rank 0, or what it has told of the others. Raises AetuiError where it could not."""
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
                for line in lines.read():
                    with contextlib.suppress(ValueError):
                        tell(from_json(line)[0])

    thread = threading.Thread(target=follow, name="aetui-follower", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
