"""Training that hangs is seen, told of with its stack, and can be ended."""

import subprocess
import sys
import textwrap
import threading

import pytest

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.runs.create import create_run
from aetui.runs.events import ActivityChanged, Warned
from aetui.training import loop, watchdog
from aetui.training.supervisor import supervise


@pytest.fixture
def make(small_data, tmp_path, monkeypatch):
    for name, seconds in (
        ("STALL_SECONDS", 0.2),
        ("SAY_SECONDS", 0.1),
        ("PATIENCE", 0),
        ("ASLEEP_SECONDS", 60),
    ):
        monkeypatch.setattr(watchdog, name, seconds)
    preset = read_preset(find_preset("digits-mlp"), ["train.epochs=2"])
    return create_run(preset, "", tmp_path / "runs", tmp_path, "cpu", threads=1)


def test_a_hang_is_told_of_with_its_place_and_its_end(make, monkeypatch):
    """Held within the second epoch until it was said how long it lasts."""
    said, told, real = threading.Event(), [], loop.take_step

    def hangs(training, *batch):
        if training.progress.epoch == 1:
            assert said.wait(60)
        return real(training, *batch)

    def listen(event):
        told.append(event)
        if isinstance(event, ActivityChanged) and event.activity.startswith("no step for"):
            said.set()

    monkeypatch.setattr(loop, "take_step", hangs)
    assert supervise(make, listen) == 0
    (warning,) = [event.message for event in told if isinstance(event, Warned) and "hangs" in event.message]
    assert "threading.py" in warning
    assert "where the threads are" in make.log.read_text()
    assert "in hangs" in make.log.read_text()
    activities = [event.activity for event in told if isinstance(event, ActivityChanged)]
    assert activities[-1] == ""


HANGS = """
    import sys, threading, time
    from pathlib import Path
    from aetui.data.generated import digits
    from aetui.runs.control import send
    from aetui.runs.event_log import EventWriter
    from aetui.runs.events import EpochFinished, Warned
    from aetui.runs.folder import RunFolder
    from aetui.training import data, loop, session, watchdog
    from aetui.training.supervisor import supervise

    small = digits(train=200, test=70)
    data.load = lambda *_, **__: small
    watchdog.STALL_SECONDS, watchdog.END_SECONDS, watchdog.PATIENCE = 0.2, 0.2, 0
    session.HUNG_SECONDS = 0.2
    real = loop.take_step

    def hangs(training, *batch):
        if training.progress.epoch == 1:
            threading.Event().wait()
        return real(training, *batch)

    written = EventWriter.write

    def hangs_at_the_disk(self, event):
        if isinstance(event, EpochFinished) and event.epoch == 1:
            threading.Event().wait()
        return written(self, event)

    if sys.argv[2] == "in a step":
        loop.take_step = hangs
    else:
        EventWriter.write = hangs_at_the_disk
    folder = RunFolder(Path(sys.argv[1]))

    def listen(event):
        if isinstance(event, Warned) and "a stop ends it" in event.message:
            send(folder.control, "stop")

    supervise(folder, listen)
"""


def hang(folder, where: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(HANGS), str(folder.path), where]
    return subprocess.run(command, timeout=90, capture_output=True, text=True, check=False)


def test_a_stop_ends_a_run_whose_log_hangs(make):
    """A dead disk holds the training thread while it writes; nobody else waits for it to come back."""
    assert hang(make, "at the disk").returncode == 1
    assert "where the threads are" in make.log.read_text()


def test_a_stop_ends_a_run_that_hangs(make):
    ended = hang(make, "in a step")
    assert ended.returncode == 1, ended.stderr
    meta = make.read_meta()
    assert meta.state == "failed"
    assert "ended without a last checkpoint" in meta.reason
    assert meta.epochs == 1
