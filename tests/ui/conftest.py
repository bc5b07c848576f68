"""The app on run folders written for the purpose."""

import socket
from collections.abc import Callable

import psutil
import pytest

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.devices.machine import MachineSampled
from aetui.runs.create import create_run
from aetui.runs.event_log import EventWriter
from aetui.runs.events import CheckpointSaved, EpochFinished, RunStarted, StateChanged, StepsTrained
from aetui.runs.folder import RunFolder
from aetui.ui.app import AetuiApp
from aetui.ui.settings import Settings


@pytest.fixture
def scripted(tmp_path) -> Callable[..., RunFolder]:
    """A run of ten epochs, three of them finished, that says this process trains it."""

    def make(name: str = "digits-mlp", state: str = "running") -> RunFolder:
        preset = read_preset(find_preset("digits-mlp")).model_copy(update={"name": name})
        folder = create_run(preset, name, tmp_path / "runs", tmp_path)
        process = psutil.Process()
        folder.change_meta(
            pid=process.pid, pid_started=process.create_time(), host=socket.gethostname(), state=state
        )
        writer = EventWriter(folder.events)
        writer.write(RunStarted(folder.name, name, "cpu", name, 219_891, 10, 157, 10_000, 2_000, name))
        writer.write(StateChanged("running"))
        for epoch in range(4):
            train = None if epoch == 0 else 0.1 / epoch
            writer.write(
                EpochFinished(
                    epoch, epoch * 157, train, 0.11 / (epoch + 1), 1.0, 1e4, float(epoch), 0.1, epoch > 0
                )
            )
        writer.write(StepsTrained(4, 500, 0.03, 0.031, 1000, 28_100.0, 3.2, 1e-3))
        writer.write(CheckpointSaved(3, 471, name + ".pt", "0" * 64, 10, True))
        writer.write(MachineSampled(50.0, 40.0, 10**9, 10**10, 10**8, gpu_name=name, gpu_percent=99.0))
        if state != "running":
            writer.write(StateChanged(state, name))
        return folder

    return make


@pytest.fixture
def app(tmp_path) -> Callable[..., AetuiApp]:
    return lambda **extra: AetuiApp(Settings(tmp_path / "runs", tmp_path / "data"), **extra)


@pytest.fixture
def started(monkeypatch) -> list[RunFolder]:
    """The runs that the app was asked to train; none is."""
    folders: list[RunFolder] = []
    monkeypatch.setattr(AetuiApp, "on_train_requested", lambda self, message: folders.append(message.folder))
    return folders


@pytest.fixture(autouse=True)
def answering(monkeypatch) -> dict[str, str | None]:
    """What hosts answer; nothing is really asked."""
    answers: dict[str, str | None] = {"mnist": "a.example"}
    monkeypatch.setattr("aetui.data.reachable_host.reachable_host", lambda source: answers.get(source.name))
    return answers
