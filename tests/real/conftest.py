"""The program without a terminal, for the tests of lines and disks; whatever a test starts is ended."""

import subprocess
from collections.abc import Callable, Iterator

import pytest
from pseudo_terminal import AETUI


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
