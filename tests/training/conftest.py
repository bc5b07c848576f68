"""A small run: 200 generated digits, batches of 64, so every epoch ends in a small batch."""

from collections.abc import Callable

import pytest
from trunks import TRUNK

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.data.generated import digits
from aetui.runs.branching import branch_off, checkpoint_of
from aetui.runs.create import Place, create_run
from aetui.runs.events import Event
from aetui.runs.folder import RunFolder
from aetui.training import data as training_data
from aetui.training.session import Session

SMALL = digits(train=200, test=70)


@pytest.fixture
def small_data(monkeypatch):
    monkeypatch.setattr(training_data, "load", lambda *_, **__: SMALL)
    return SMALL


@pytest.fixture
def make_run(small_data, tmp_path) -> Callable[..., RunFolder]:
    def make(*changes: str, preset: str = "digits-mlp") -> RunFolder:
        checked = read_preset(find_preset(preset), ["train.epochs=3", *changes])
        return create_run(checked, "", tmp_path / "runs", tmp_path, "cpu", threads=1)

    return make


class Recorder:
    """Trains a run to its end and keeps its events. `react` may use the control at any event."""

    def __init__(
        self, folder: RunFolder, react: Callable[[Event, Session], None] = lambda event, session: None
    ) -> None:
        self.events: list[Event] = []
        self.session = Session(folder, self._listen)
        self._react = react
        self.session.start()
        self.session.join(90)
        assert not self.session.alive

    def _listen(self, event: Event) -> None:
        self.events.append(event)
        self._react(event, self.session)

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def record():
    return Recorder


@pytest.fixture
def trunk(make_run, record) -> RunFolder:
    folder = make_run(*TRUNK)
    record(folder)
    return folder


@pytest.fixture
def branch(tmp_path):
    def make(source: RunFolder, epoch: int | None = None, *changes: str) -> RunFolder:
        place = Place(tmp_path / "branches", tmp_path)
        return branch_off(source, checkpoint_of(source, epoch), changes, place)

    return make
