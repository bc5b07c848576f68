"""The main thread of a process that trains: it hears signals and commands and measures the machine.

`python -m aetui.training RUN_FOLDER` is the process that the app starts; `aetui train` and
`aetui resume` call `supervise` in their own.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from types import FrameType

import filelock

from aetui.devices.machine import Machine, MachineSampled
from aetui.errors import EXIT_SIGNAL, EXIT_STOPPED, AetuiError
from aetui.runs.control import Command, CommandFollower
from aetui.runs.events import Emit, Warned
from aetui.runs.folder import RunFolder
from aetui.training.session import Session

LOOK_SECONDS = 0.02
"""How often commands are looked for: what a pause takes at most, besides one step."""
MEASURE_SECONDS = 2.0
CROWDED_CORES = 0.5
CROWDED = (
    "other programs keep this machine busy; PyTorch's threads then wait for each other, "
    "and fewer of them can be many times faster: --threads 1"
)


def supervise(folder: RunFolder, listener: Emit = lambda event: None) -> int:
    """Train the run in `folder` from where it stands until it ends; returns the exit code.

    Raises AetuiError where another process trains it. Call it from the main thread.
    """
    lock = filelock.FileLock(folder.lock)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        hint = f"watch it with `aetui watch {folder.name}`"
        raise AetuiError(f"Another process trains {folder.name}", hint) from None
    with lock:
        folder.own()
        session = Session(folder, listener)
        with _signals_heard(session, folder) as signals:
            commands = CommandFollower(folder.control)
            session.start()
            _attend(session, commands)
    assert session.exit_code is not None
    if signals and session.exit_code == EXIT_STOPPED:
        return EXIT_SIGNAL + signals[0]
    return session.exit_code


def _attend(session: Session, commands: CommandFollower) -> None:
    parent = os.getppid()
    machine, measured, warned = None, time.monotonic(), False
    while session.alive:
        for command in commands.poll():
            _forward(session, command)
        if os.getppid() != parent and not session.control.detached:
            session.control.detach()
        if time.monotonic() - measured > MEASURE_SECONDS:
            machine = machine or Machine(session.gpu_uuid)
            sample = machine.sample()
            session.emit(sample)
            if session.on_cpu and not warned and _is_crowded(sample):
                session.emit(Warned(CROWDED))
                warned = True
            measured = time.monotonic()
        session.join(LOOK_SECONDS)


def _is_crowded(sample: MachineSampled) -> bool:
    """Whether other programs take half a core or more while this one computes on all of them."""
    others = (sample.cpu_percent or 0) - (sample.process_cpu_percent or 0)
    return others / 100 * (os.cpu_count() or 1) > CROWDED_CORES


def _forward(session: Session, command: Command) -> None:
    control = session.control
    {
        "pause": control.pause,
        "resume": control.resume,
        "checkpoint": control.checkpoint,
        "stop": control.stop,
    }[command]()


@contextlib.contextmanager
def _signals_heard(session: Session, folder: RunFolder) -> Iterator[list[int]]:
    """SIGINT and SIGTERM ask for a stop, the second time at once; SIGHUP means that the terminal is gone.

    Yields the list of stop signals heard.
    """
    heard: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        if heard:
            os._exit(EXIT_SIGNAL + number)
        heard.append(number)
        session.control.stop()

    def detach(number: int, frame: FrameType | None) -> None:
        _leave_terminal(folder)
        session.control.detach()

    handlers = {signal.SIGINT: stop, signal.SIGTERM: stop}
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        handlers[signal.SIGHUP] = detach
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield heard
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave_terminal(folder: RunFolder) -> None:
    """Point the standard streams away from a terminal that is no more."""
    null = os.open(os.devnull, os.O_RDONLY)
    log = os.open(folder.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for target, source in ((0, null), (1, log), (2, log)):
        os.dup2(source, target)
