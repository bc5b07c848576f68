"""Runs of other processes and of earlier versions."""

import contextlib
import os
import shutil
import socket
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from aetui.runs.folder import RunFolder
from aetui.runs.listing import find_run
from aetui.runs.liveness import find_state
from aetui.runs.report import read_history

OLD_FOLDERS = Path(__file__).parent / "old_folders"
"""Run folders as earlier versions wrote them."""


def tool(name: str) -> str:
    """The program of that name; where it is missing the test is skipped, and fails in CI."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        if os.environ.get("AETUI_REAL"):
            pytest.fail(f"{name} is not installed")
        pytest.skip(f"{name} is not installed")
    return found


def newest(runs_dir: Path) -> RunFolder:
    return find_run(runs_dir, None)


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Look until something outside of our processes is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.02)


def state(folder: RunFolder) -> str:
    return find_state(folder, folder.read_meta())


def steps(folder: RunFolder) -> int:
    latest = read_history(folder)[0].latest
    return latest.step if latest else 0


def losses(folder: RunFolder) -> dict[int, tuple[float | None, float]]:
    return {n: (e.train_loss, e.test_loss) for n, e in read_history(folder)[0].epochs.items()}


def wait_for_step(runs_dir: Path, more_than: int = 0, seconds: float = 60) -> RunFolder:
    """The newest run, once it has taken more steps than that."""

    def begun() -> bool:
        with contextlib.suppress(Exception):
            return steps(newest(runs_dir)) > more_than
        return False

    wait_until(begun, seconds)
    return newest(runs_dir)


def kill_all(runs_dir: Path) -> None:
    """End every process that trains a run there."""
    for folder in map(RunFolder, runs_dir.glob("*")):
        with contextlib.suppress(Exception):
            pid = folder.read_meta().pid
            process = psutil.Process(pid)  # of None it would be this one
            if pid is not None and "aetui" in " ".join(process.cmdline()):
                process.kill()


def free_port() -> int:
    """On loopback, where nothing listens now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]
