"""Real terminals, lines and disks; whatever a test starts is ended."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from live_runs import kill_all
from pseudo_terminal import AETUI, Terminal

LONG = ("--preset", "digits-mlp", "--set", "train.epochs=4000", "--threads", "1")
"""The app on a run that goes on for longer than any test."""


@pytest.fixture
def runs(tmp_path) -> Iterator[Path]:
    """Where the runs of the test are."""
    yield tmp_path / "runs"
    kill_all(tmp_path / "runs")


@pytest.fixture
def open_terminal(tmp_path, runs) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*arguments: str, **settings) -> Terminal:
        opened.append(Terminal(*arguments, cwd=tmp_path, **settings))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.kill()


@pytest.fixture
def aetui(tmp_path, runs) -> Iterator[Callable[..., subprocess.Popen]]:
    """Start the program without a terminal: `aetui("train", …)`."""
    started: list[subprocess.Popen] = []

    def start(*arguments: str, before: tuple[str, ...] = (), **settings) -> subprocess.Popen:
        command = [*before, *AETUI, *arguments]
        output = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        started.append(
            subprocess.Popen(
                command, cwd=tmp_path, stdin=subprocess.DEVNULL, start_new_session=True, **output, **settings
            )
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()
