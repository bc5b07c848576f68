"""The main thread of a process that trains: it receives signals and commands and measures the machine.

`python -m aetui.training RUN_FOLDER` is the process that the app starts; `aetui train` and
`aetui resume` call `supervise` in their own.
"""

import contextlib
import os
import queue
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from aetui.config.user_settings import read_settings, settings_file
from aetui.data.catalogue import default_data_dir
from aetui.devices.machine import Machine, MachineSampled
from aetui.errors import EXIT_SIGNAL, EXIT_STOPPED, AetuiError, UsageError
from aetui.files import append_line, is_in_place, open_to_append
from aetui.runs.control import CommandFollower, sent_so_far
from aetui.runs.events import Emit, Event
from aetui.runs.folder import RunFolder
from aetui.training.notifying import Notifier
from aetui.training.ownership import (
    ENDING_SECONDS,
    LockTakenError,
    Ownership,
    check_not_launched,
    launching,
    owned,
    refusals_of,
)
from aetui.training.ranks import environment
from aetui.training.ranks.launching import launch, processes_of
from aetui.training.ranks.watch import RankWatch
from aetui.training.session import Session
from aetui.training.stop_signals import StopSignals
from aetui.training.watchdog import Watchdog

LOOK_SECONDS = 0.02
"""How often commands are looked for: what a pause takes at most, besides one step."""
MEASURE_SECONDS, LONGEST_MEASURE_SECONDS, MEASURES = 2.0, 12.0, 4000
"""Between two looks at the machine; later as often as there are so many in the time so far."""
SLOW_STOP_SECONDS = 5.0
SLOW_STOP = "it stops once what is under way is finished; a second signal (Ctrl-C, kill) ends it at once"
CROWDED_CORES = 0.5
CROWDED = "other programs keep this machine busy, and PyTorch's threads then wait for each other"


def supervise(
    folder: RunFolder,
    listener: Emit = lambda event: None,
    *,
    data_dir: Path | None = None,
    repair: bool = False,
    amend: Callable[[], None] = lambda: None,
    commands_from: int | None = None,
    profile: bool = False,
) -> int:
    """Train the run in `folder` from where it stands until it ends; returns the exit code.

    `listener` is called with every event, in a thread of its own, so that a slow one never holds up the
    training. Data is fetched into `data_dir`, by default the user's cache. `amend` may change the run's
    files once this process owns them. Commands count from the byte `commands_from` of the control file on;
    None: from now on. `repair` makes the list of checkpoints anew first; `profile`: some steps are profiled.
    Raises AetuiError where another process trains the run. Call it from the main thread.
    """
    folder = RunFolder(
        folder.path.absolute()
    )  # while a thread imports PyTorch, the working folder is another
    offset = sent_so_far(folder.control) if commands_from is None else commands_from
    # the listener may be blocked by its reader long after the run has ended: the run is free by then
    if environment.ranks() == 1:
        check_not_launched(folder, ENDING_SECONDS)  # without the lock, which one that begins needs
    with _from_own_thread(listener) as tell, contextlib.ExitStack() as held:
        with owned(folder) as ownership:
            if environment.ranks() == 1:
                check_not_launched(folder)
            with refusals_of(folder):
                amend()
            if (processes := processes_of(folder)) > 1:
                held.enter_context(launching(folder))
            else:
                session = Session(folder, tell, data_dir, repair=repair)
                return _supervise(session, ownership, offset, profile=profile)
        flags = {"repair": repair, "profile": profile}  # the first of the processes owns the run
        words = [str(folder.path), str((data_dir or default_data_dir()).absolute()), str(offset)]
        return launch(folder, processes, [*words, *(flag for flag in flags if flags[flag])], tell)


def _supervise(session: Session, ownership: Ownership, offset: int, *, profile: bool) -> int:
    """Train in this process."""
    folder = session.folder
    with refusals_of(folder):
        folder.own()
    commands = CommandFollower(folder.control, offset, shared=folder.read_meta().shared)
    mistake = _add_notifier(session)
    with _warnings_into(folder.log), _signals_received(session, folder) as signals:
        if profile:
            session.control.request("profile")
        try:
            session.start()
            if mistake:
                session.warn_once(f"nobody will be told of the end: {mistake}")
            _attend(session, commands, ownership)
        finally:
            session.control.request("stop")
            session.join()
    if session.exit_code is None:
        raise AetuiError(f"The training of {folder.name} ended without a word", f"see {folder.log}")
    if signals and session.exit_code == EXIT_STOPPED:
        return EXIT_SIGNAL + signals[0]
    return session.exit_code


def _add_notifier(session: Session) -> str:
    """Have the user's own command hear of the events; why it cannot, if so."""
    try:
        settled = read_settings(settings_file()).notify
    except UsageError as error:
        return error.sentence
    session.listeners.append(Notifier(session.folder, session.folder.read_meta().preset, settled))
    return ""


@contextlib.contextmanager
def _from_own_thread(listener: Emit) -> Iterator[Emit]:
    """Call the listener from a thread of its own; one that fails to write is called no more."""
    events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()

    def call_listener() -> None:
        try:
            while (event := events.get()) is not None:
                listener(event)
        except OSError:
            while events.get() is not None:
                pass

    thread = threading.Thread(target=call_listener, name="aetui-listener", daemon=True)
    thread.start()
    try:
        yield events.put
    finally:
        events.put(None)
        thread.join()


def _attend(session: Session, commands: CommandFollower, ownership: Ownership) -> None:
    parent, machine = os.getppid(), Machine()
    measured, gpu, watchdog, ranks = time.monotonic(), None, Watchdog(session), RankWatch(session)
    begun = measured
    stop_seen = float("inf")
    choose = f"aetui control {session.folder.called} choose-threads"
    while session.alive:
        _pass_on(commands, session)
        watchdog.look()
        ranks.look()
        if session.control.stopping:
            stop_seen = min(stop_seen, time.monotonic())
            if time.monotonic() - stop_seen > SLOW_STOP_SECONDS:
                session.warn_once(SLOW_STOP)
        if os.getppid() != parent and not session.control.detached:
            session.control.detach()
        if session.gpu_uuid and session.gpu_uuid != gpu:
            gpu = session.gpu_uuid
            machine.watch_gpu(gpu)
        seconds = measure_seconds(time.monotonic() - begun)
        if time.monotonic() - measured > seconds:
            _keep(ownership, session)
            sample = machine.sample()
            session.emit(sample)
            ranks.tell(sample, seconds)
            if session.spins and _is_crowded(sample):
                session.warn_once(f"{CROWDED}: `{choose}` looks whether fewer are faster")
            measured = time.monotonic()
        session.join(LOOK_SECONDS)
    ranks.end()


def _keep(ownership: Ownership, session: Session) -> None:
    """Own the run also where its lock was replaced; who has taken it meanwhile has the run."""
    if not is_in_place(session.folder.path):
        return
    try:
        ownership.keep()
    except LockTakenError:
        session.warn_once("another process has taken this run, whose lock was replaced: this one stops")
        session.control.request("stop")
    except OSError:
        return  # the disk may tell again later


def _pass_on(commands: CommandFollower, session: Session) -> None:
    try:
        for command in commands.poll():
            session.control.request(command)
    except AetuiError as error:
        session.warn_once(error.sentence)


def measure_seconds(passed: float) -> float:
    """Until the next look at the machine, this long after the start."""
    return max(MEASURE_SECONDS, min(LONGEST_MEASURE_SECONDS, passed / MEASURES))


def _is_crowded(sample: MachineSampled) -> bool:
    """Whether other programs take half a core or more."""
    others = (sample.cpu_percent or 0) - (sample.process_cpu_percent or 0)
    return others / 100 * (os.cpu_count() or 1) > CROWDED_CORES


@contextlib.contextmanager
def _signals_received(session: Session, folder: RunFolder) -> Iterator[list[int]]:
    """SIGINT and SIGTERM ask for a stop, the second time at once; SIGHUP means that the terminal is gone.

    By torchrun it means a stop too: that passes the signal on, ends, and kills soon who lives on.
    Yields the list of stop signals received.
    """
    stops = StopSignals()

    def stop(number: int, frame: FrameType | None) -> None:
        if stops.hear(number):
            os._exit(EXIT_SIGNAL + number)
        session.control.request("stop")

    def detach(number: int, frame: FrameType | None) -> None:
        leave_terminal(folder)
        if environment.is_by_torchrun():
            session.control.request("stop")
        else:
            session.control.detach()

    handlers = {signal.SIGINT: stop, signal.SIGTERM: stop}
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        handlers[signal.SIGHUP] = detach
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    signal.pthread_sigmask(signal.SIG_UNBLOCK, handlers)  # who started several processes kept them waiting
    try:
        yield stops.received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _warnings_into(log: Path) -> Iterator[None]:
    """What libraries warn of is for programmers: it goes to the run's log, not to the terminal."""

    def write(message: Warning | str, category: type[Warning], filename: str, line: int, *_: Any) -> None:
        with contextlib.suppress(OSError):
            append_line(log, warnings.formatwarning(message, category, filename, line).rstrip())

    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.showwarning = write  # type: ignore[assignment]
        yield


def leave_terminal(folder: RunFolder) -> None:
    """Point the standard streams away from a terminal that is no more."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    with contextlib.suppress(OSError), open_to_append(folder.log) as log:
        for stream in (1, 2):
            os.dup2(log.fileno(), stream)
