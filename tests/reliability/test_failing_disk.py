"""The k-th write to a run's folder fails, for every k: nothing is lost, and a resume goes on."""

import contextlib
import errno
import itertools

import pytest
from failing_disk import FailingDisk

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.errors import AetuiError
from aetui.files import sha256_of
from aetui.runs.checkpoint_index import read_index
from aetui.runs.create import create_run
from aetui.runs.folder import RunFolder
from aetui.runs.report import read_history
from aetui.training import saving
from aetui.training.checkpoint_sum import sum_holds
from aetui.training.supervisor import supervise

ERRORS = ("ENOSPC", "EDQUOT", "EIO", "EROFS", "EACCES")
SHORT = ("train.epochs=2", "train.keep_checkpoints=1")


@pytest.fixture(autouse=True)
def _tried_again_at_once(monkeypatch):
    monkeypatch.setattr(saving, "RETRY_SECONDS", 0.01)


def make(runs_dir) -> RunFolder:
    return create_run(read_preset(find_preset("digits-mlp"), SHORT), "", runs_dir, runs_dir, "cpu", threads=1)


def losses(folder: RunFolder) -> list[tuple[float | None, float]]:
    epochs = read_history(folder)[0].epochs
    return [(epochs[number].train_loss, epochs[number].test_loss) for number in sorted(epochs)]


def check_store(folder: RunFolder) -> None:
    """What is listed is there and whole."""
    for entry in read_index(folder.checkpoints):
        path = folder.checkpoints / entry.file
        assert sha256_of(path) == entry.sha256
        assert sum_holds(path)


def survive(tmp_path, monkeypatch, number: int, first: int, lasting: int, expected: list) -> bool:
    """Train on a disk that fails, then on a good one; returns whether it failed at all."""
    folder = make(tmp_path / f"{number}-{first}-{lasting}")
    with monkeypatch.context() as patch:
        disk = FailingDisk(patch, folder.path, number, first, lasting)
        with contextlib.suppress(AetuiError):
            supervise(folder)
    check_store(folder)
    if folder.read_meta().state != "finished":
        assert supervise(folder) == 0
    check_store(folder)
    told = losses(folder)
    assert told[-1] == expected[-1], f"call {first}"
    assert [pair for pair in told if pair not in expected] == []
    return disk.failed > 0


@pytest.fixture
def expected(small_data, tmp_path) -> list:
    straight = make(tmp_path / "straight")
    assert supervise(straight) == 0
    return losses(straight)


def test_the_kth_call_fails_for_some_k(expected, tmp_path, monkeypatch, record_property):
    tried = 0
    for first, error in zip(itertools.count(1, 15), itertools.cycle(ERRORS), strict=False):
        lasting = 1 + 20 * (first % 2)
        tried += 1
        if not survive(tmp_path, monkeypatch, getattr(errno, error), first, lasting, expected):
            break
    record_property("faults injected", tried - 1)


@pytest.mark.slow
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("error", ERRORS)
def test_the_kth_call_fails_for_every_k(expected, tmp_path, monkeypatch, record_property, error):
    number, tried = getattr(errno, error), 0
    for lasting in (1, 15):
        for first in itertools.count(1, lasting):
            if not survive(tmp_path, monkeypatch, number, first, lasting, expected):
                break
            tried += 1
    record_property("faults injected", tried)
