"""Small runs, and what a run's folder is used for, so that faults can be tried on all of it."""

import shutil
from collections.abc import Callable

import pytest
from live_runs import OLD_FOLDERS

from aetui.data.generated import digits
from aetui.runs.folder import RunFolder
from aetui.training import data as training_data


@pytest.fixture
def small_data(monkeypatch):
    """200 generated digits, so that an epoch takes a moment."""
    small = digits(train=200, test=70)
    monkeypatch.setattr(training_data, "load", lambda *_, **__: small)
    return small


@pytest.fixture
def old_run(tmp_path) -> Callable[[], RunFolder]:
    """A copy of the stopped run in tests/old_folders, each time a new one, in a runs folder of its own."""
    (stopped,) = OLD_FOLDERS.glob("*old-mlp*")
    copies = iter(range(1_000_000))

    def copy() -> RunFolder:
        return RunFolder(shutil.copytree(stopped, tmp_path / "runs" / str(next(copies)) / stopped.name))

    return copy
