"""Things every room's tests share."""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from live_runs import kill_all
from pseudo_terminal import Terminal

settings.register_profile("ci", derandomize=True)
"""CI tries the same examples each time; people's runs look for new ones."""
if os.environ.get("CI"):
    settings.load_profile("ci")

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"
"""Real data sets beside the checkout, where there are any."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """With --hypothesis-show-statistics, how many examples were tried is a property of the test."""
    result = yield
    tried = re.findall(r"(\d+) passing,", getattr(item, "hypothesis_statistics", ""))
    if tried:
        item.user_properties.append(("examples tried", sum(map(int, tried))))
    return result


@pytest.fixture(autouse=True)
def _state_of_nobody(monkeypatch, tmp_path_factory):
    """What the app remembers from one time to the next is forgotten behind each test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / "state"))
    yield
    shutil.rmtree(tmp_path_factory.getbasetemp() / "state", ignore_errors=True)


@pytest.fixture(autouse=True)
def _denormals_come_back():
    """What trains in the test's own thread switches them off, and hypothesis refuses to work without."""
    yield
    if "torch" in sys.modules:
        sys.modules["torch"].set_flush_denormal(False)


@pytest.fixture(autouse=True)
def _temporary_files_stay_where_they_are(monkeypatch):
    """What compiles in the test's own process takes them elsewhere."""
    monkeypatch.setenv("TMPDIR", tempfile.gettempdir())
    monkeypatch.setattr("tempfile.tempdir", tempfile.gettempdir())


@pytest.fixture
def real_data() -> Path:
    """The folder with the real MNIST, or a skip."""
    if not (SHARED_DATA / "MNIST" / "raw").is_dir():
        pytest.skip(f"no real data in {SHARED_DATA}")
    return SHARED_DATA


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
def open_app(open_terminal) -> Callable[..., Terminal]:
    """The same on one thread: several wait for each other where other programs keep the machine busy."""
    return lambda *arguments, **settings: open_terminal(*arguments, "--threads", "1", **settings)
