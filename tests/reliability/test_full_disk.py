"""A full disk: told of although nothing can be written, waited for, and made room on if wanted."""

import errno
import os
import threading

import pytest
from textual.widgets import OptionList

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.runs import event_log, reserve
from aetui.runs.checkpoint_index import read_index
from aetui.runs.control import send
from aetui.runs.create import create_run
from aetui.runs.event_log import EventFollower
from aetui.runs.events import StateChanged, Warned
from aetui.runs.report import read_history
from aetui.training import checkpoints, saving
from aetui.training.supervisor import supervise
from aetui.ui.app import AetuiApp
from aetui.ui.monitor.dialogs import RoomScreen
from aetui.ui.settings import Settings


@pytest.fixture
def make(small_data, tmp_path, monkeypatch):
    monkeypatch.setattr(saving, "RETRY_SECONDS", 0.02)

    def make(*changes: str):
        preset = read_preset(find_preset("digits-mlp"), ["train.epochs=4", *changes])
        return create_run(preset, "", tmp_path / "runs", tmp_path, "cpu", threads=1)

    return make


class FullFor:
    """The disk has no room for a checkpoint, from the third on, until `room` is set."""

    def __init__(self, monkeypatch, number: int = errno.ENOSPC) -> None:
        self.room = threading.Event()
        self._number = number
        self._write, self._saved = checkpoints.write_whole, 0
        monkeypatch.setattr(checkpoints, "write_whole", self)

    def __call__(self, path, data) -> None:
        self._saved += 1
        if self._saved > 2 and not self.room.is_set():
            raise OSError(self._number, os.strerror(self._number), str(path))
        self._write(path, data)


def states(folder) -> list[str]:
    return [
        event.state for event, _ in EventFollower(folder.events).poll() if isinstance(event, StateChanged)
    ]


def test_it_goes_on_by_itself_once_there_is_room(make, monkeypatch):
    folder, disk = make(), FullFor(monkeypatch)

    def listen(event):
        if isinstance(event, StateChanged) and event.state == "paused":
            disk.room.set()

    assert supervise(folder, listen) == 0
    assert states(folder) == ["starting", "running", "paused", "running", "finished"]
    assert len(read_index(folder.checkpoints)) == 3
    assert not (folder.path / "reserve").exists()


@pytest.mark.parametrize(
    ("number", "mended_by"),
    [
        (errno.EFBIG, "raise the limit of file sizes (`ulimit -f`)"),
        (errno.EACCES, "it goes on by itself once that may be written"),
        (errno.EIO, "it goes on by itself once that can be written"),
    ],
)
def test_what_room_does_not_mend_is_not_asked_for_room(make, monkeypatch, number, mended_by):
    folder, disk = make(), FullFor(monkeypatch, number)
    said = []

    def listen(event):
        if isinstance(event, StateChanged) and event.state == "paused":
            said.append(event.reason)
            disk.room.set()

    assert supervise(folder, listen) == 0
    assert mended_by in said[0]
    assert "once there is room" not in said[0]


def test_a_pause_that_was_requested_stays_one(make, monkeypatch):
    folder, disk = make(), FullFor(monkeypatch)
    heard = []

    def listen(event):
        if isinstance(event, StateChanged) and event.state == "paused":
            heard.append(event.reason)
            if len(heard) == 1:
                send(folder.control, "pause")
                threading.Timer(1.0, disk.room.set).start()
                threading.Timer(2.0, lambda: send(folder.control, "resume")).start()

    assert supervise(folder, listen) == 0
    assert "it goes on by itself once there is room" in heard[0]


def test_a_stop_without_room_says_what_was_not_saved(make, monkeypatch):
    folder = make()
    FullFor(monkeypatch)

    def listen(event):
        if isinstance(event, StateChanged) and event.state == "paused":
            send(folder.control, "stop")

    assert supervise(folder, listen) == 1
    assert "Stopped without a last checkpoint" in folder.read_meta().reason
    assert [entry.epoch for entry in read_index(folder.checkpoints)] == [1, 2]


def test_what_can_go_is_named_and_goes_when_wanted(make, monkeypatch):
    folder, disk = make(), FullFor(monkeypatch)
    offered = []

    def listen(event):
        if isinstance(event, StateChanged) and event.removable:
            offered.append(event.removable)
            send(folder.control, "make-room")
            threading.Timer(1.0, disk.room.set).start()

    assert supervise(folder, listen) == 0
    assert list(offered[0]) == ["epoch_0001_step_00000004.pt"]
    assert [entry.epoch for entry in read_index(folder.checkpoints)] == [2, 3, 4]
    assert any(
        "deleted to make room: epoch_0001" in note.text for note in read_history(folder)[0].notes_after()
    )


def test_the_log_tells_of_it_with_the_room_of_the_reserve(make, monkeypatch):
    """Every write fails as long as the reserve is there: as if it held the last bytes of the disk."""
    folder = make()
    FullFor(monkeypatch)
    full = threading.Event()
    real = reserve.write_whole
    from aetui import files
    from aetui.runs import event_log

    append = files.append_line

    def scarce(path, line, **how):
        if full.is_set() and (folder.path / "reserve").exists():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        append(path, line, **how)

    monkeypatch.setattr(event_log, "append_line", scarce)
    monkeypatch.setattr(reserve, "write_whole", lambda path, data: full.is_set() or real(path, data))

    def listen(event):
        if getattr(event, "epoch", 0) == 2:
            full.set()
        if isinstance(event, StateChanged) and event.state == "paused":
            send(folder.control, "stop")

    supervise(folder, listen)
    assert "paused" in states(folder)
    assert "failed" in states(folder)


async def test_the_screen_offers_what_can_go(make):
    folder = make()
    removable = {"epoch_0001_step_00000004.pt": 171_248}
    from aetui.runs.event_log import EventWriter

    app = AetuiApp(Settings(folder.path.parent, folder.path.parent), watch=folder)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.pause()
        folder.own()
        writer = EventWriter(folder.events)
        writer.write(StateChanged("paused", "no room", removable=removable))
        while not isinstance(pilot.app.screen, RoomScreen):
            await pilot.pause(0.05)
        await pilot.pause()
        text = " ".join(str(answer.prompt) for answer in pilot.app.screen.query_one(OptionList).options)
        assert "epoch_0001_step_00000004.pt (171 kB)" in text
        await pilot.press("down", "enter")
        await pilot.pause()
        assert folder.control.read_text().split() == ["make-room"]
        writer.write(StateChanged("running"))
        while pilot.app.screen.feed.state != "running":
            await pilot.pause(0.05)
        writer.write(StateChanged("paused", "no room", removable=removable))
        while not isinstance(pilot.app.screen, RoomScreen):
            await pilot.pause(0.05)
        writer.write(StateChanged("running"))
        while isinstance(pilot.app.screen, RoomScreen):
            await pilot.pause(0.05)


def test_events_that_never_found_room_are_told(make, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(event_log, "append_line", refuse)
    told = []
    folder = make()
    assert supervise(folder, told.append) == 0
    lost = [event.message for event in told if isinstance(event, Warned)][-1]
    assert "could not be written to" in lost
    assert folder.read_meta().reason == lost
