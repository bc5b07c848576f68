"""The main thread of the process that trains: commands, measuring, listeners, ownership."""

import errno
import threading

import pytest

from aetui.devices import machine
from aetui.errors import EXIT_STOPPED, AetuiError
from aetui.files import open_lock, try_lock, write_whole
from aetui.runs.checkpoint_index import read_index
from aetui.runs.control import send, sent_so_far
from aetui.runs.events import CheckpointSaved, EpochFinished, ProbeMeasured, StateChanged, Warned
from aetui.runs.waiting import is_at_work, is_waiting
from aetui.training import data as training_data
from aetui.training import supervisor
from aetui.training.ownership import launching, owned
from aetui.training.session import Session
from aetui.training.supervisor import supervise


def test_commands_sent_while_the_process_starts_are_heard(make_run):
    folder = make_run()
    send(folder.control, "pause")
    offset = sent_so_far(folder.control)
    send(folder.control, "stop")
    assert supervise(folder, commands_from=offset) == 5
    assert folder.read_meta().state == "stopped"


def test_a_run_has_one_owner_and_the_lock_is_given_back(make_run):
    folder = make_run("train.epochs=1")
    with open_lock(folder.lock) as lock:
        assert try_lock(lock)
        with pytest.raises(AetuiError, match="Another process is at work on"):
            supervise(folder)
    assert supervise(folder) == 0
    with open_lock(folder.lock) as lock:
        assert try_lock(lock)


def test_a_file_system_without_locks_is_told_as_such(make_run, monkeypatch):
    folder = make_run("train.epochs=1")

    def missing(*_):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr("fcntl.flock", missing)
    with pytest.raises(AetuiError, match=r"its file system has no locks \(flock\)"):
        supervise(folder)


def test_a_resumed_run_is_starting_from_the_first_moment(make_run):
    folder = make_run("train.epochs=1")
    folder.change_meta(state="stopped", reason="old")
    seen = []
    supervise(folder, amend=lambda: seen.append(folder.read_meta().state))
    reported = [line for line in folder.events.read_text().splitlines() if "StateChanged" in line]
    assert seen == ["stopped"]
    assert '"starting"' in reported[0]


def test_a_stop_that_has_to_wait_says_so(make_run, monkeypatch):
    monkeypatch.setattr(supervisor, "SLOW_STOP_SECONDS", 0.1)
    folder, told, load = make_run(), threading.Event(), training_data.load

    def slow(*arguments, **options):
        send(folder.control, "stop")
        told.wait(60)
        return load(*arguments, **options)

    def listen(event):
        if isinstance(event, Warned) and event.message == supervisor.SLOW_STOP:
            told.set()

    monkeypatch.setattr(training_data, "load", slow)
    assert supervise(folder, listen) == EXIT_STOPPED
    assert told.is_set()


def test_a_run_whose_log_cannot_be_read_is_probed_anew(make_run):
    changes = ("probe.every=1", "train.epochs=1")
    folder = make_run(*changes, preset="digits-conv")
    assert supervise(folder) == 0
    folder.events.unlink()
    folder.events.mkdir()
    write_whole(folder.config, folder.config.read_bytes().replace(b"epochs = 1", b"epochs = 2"))
    told = []
    assert supervise(folder, told.append) == 0
    assert [event.epoch for event in told if isinstance(event, ProbeMeasured)] == [1, 2]


def test_a_listener_that_stalls_does_not_hold_up_the_training(make_run):
    folder, released, finished = make_run(), threading.Event(), threading.Event()

    def listen(event):
        if isinstance(event, EpochFinished) and event.epoch == 0:
            released.wait(60)

    def look():
        while "finished" not in folder.meta_file.read_text():
            pass
        finished.set()
        released.set()

    threading.Thread(target=look, daemon=True).start()
    assert supervise(folder, listen) == 0
    assert finished.is_set()


def test_a_listener_that_fails_is_told_no_more(make_run):
    reported = []

    def listen(event):
        reported.append(event)
        raise BrokenPipeError

    assert supervise(make_run("train.epochs=1"), listen) == 0
    assert len(reported) == 1


def test_the_gpu_is_measured_once_it_is_known(make_run, monkeypatch):
    asked = threading.Event()
    monkeypatch.setattr(machine, "_nvml_handle", lambda uuid: asked.set() if uuid == "GPU-1234" else None)
    original = Session._train

    def train(self):
        self.gpu_uuid = "GPU-1234"
        assert asked.wait(30)
        original(self)

    monkeypatch.setattr(Session, "_train", train)
    assert supervise(make_run("train.epochs=1")) == 0


def test_checkpoints_are_told_as_they_are_listed(make_run):
    folder, reported = make_run(), []
    assert supervise(folder, reported.append) == 0
    saved = [event.sha256 for event in reported if isinstance(event, CheckpointSaved)]
    assert [entry.sha256 for entry in read_index(folder.checkpoints)] == saved
    states = [event.state for event in reported if isinstance(event, StateChanged)]
    assert states == ["starting", "running", "finished"]


@pytest.mark.parametrize("held", [launching, owned])
def test_a_run_that_processes_are_started_for_is_not_amended_by_another_start(make_run, held):
    """Between its first process, which starts the others, and the one of them that owns it."""
    folder = make_run()
    amended = []
    with held(folder), pytest.raises(AetuiError, match="Another process is at work"):
        supervise(folder, lambda event: None, amend=lambda: amended.append(1))
    assert not amended


def test_what_processes_are_started_for_is_at_work_and_waits_no_more(make_run):
    folder = make_run()
    folder.change_meta(state="waiting")
    assert is_waiting(folder)
    with launching(folder):
        assert not is_waiting(folder)
        assert is_at_work(folder)
    assert is_waiting(folder)
