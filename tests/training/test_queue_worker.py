"""The process that works the queue off."""

import errno

import psutil
import pytest
from live_runs import kill_all, wait_until

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.errors import AetuiError
from aetui.files import try_lock
from aetui.runs import states
from aetui.runs.create import create_run
from aetui.runs.enqueue import worked_queue
from aetui.runs.folder import RunFolder
from aetui.runs.waiting import WORKER_LOCK, changed_queue, is_worked_off, read_queue
from aetui.training import queue_worker
from aetui.training.queue_worker import work_off


@pytest.fixture
def waiting(tmp_path):
    """A run that waits, with these changes."""

    def make(*changes: str, state: str = states.WAITING) -> RunFolder:
        preset = read_preset(find_preset("digits-mlp"), ("train.epochs=0", *changes))
        return create_run(preset, "", tmp_path, tmp_path, threads=1, changes=changes, state=state)

    yield make
    kill_all(tmp_path)


class Pretended:
    """A trainer that says it is finished when it is told to."""

    def __init__(self, folder: RunFolder, data_dir) -> None:
        self.folder, self.alive = folder, True
        started[folder.name] = self
        folder.change_meta(state=states.RUNNING)

    def end(self, state: str) -> None:
        self.folder.change_meta(state=state)
        self.alive = False


started: dict[str, Pretended] = {}


@pytest.fixture
def looks(monkeypatch, tmp_path):
    """Called instead of waiting between two looks: what happens meanwhile."""
    started.clear()
    monkeypatch.setattr(queue_worker, "Trainer", Pretended)

    def during(*happenings) -> None:
        left = iter(happenings)
        monkeypatch.setattr(queue_worker.time, "sleep", lambda seconds: next(left)())
        work_off(tmp_path, tmp_path)
        assert next(left, None) is None, "all of it happened"

    return during


def queue_up(tmp_path, *folders: RunFolder, **settings) -> None:
    with changed_queue(tmp_path) as queue:
        queue.waiting += [folder.name for folder in folders]
        for name, value in settings.items():
            setattr(queue, name, value)


def enqueue(tmp_path, *folders: RunFolder) -> None:
    """With a worker."""
    with worked_queue(tmp_path, tmp_path) as queue:
        queue.waiting += [folder.name for folder in folders]


def test_one_that_fails_does_not_stop_the_next(waiting, looks, tmp_path):
    first, second = waiting(), waiting()
    queue_up(tmp_path, first, second)

    def ends(folder: RunFolder, state: str):
        def happen() -> None:
            assert list(started) == [*ended, folder.name]
            ended.append(folder.name)
            started[folder.name].end(state)

        return happen

    ended: list[str] = []
    looks(ends(first, states.FAILED), ends(second, states.FINISHED))
    assert (read_queue(tmp_path).waiting, read_queue(tmp_path).started) == ([], [])


def test_as_many_as_asked_for_train_beside_each_other_in_the_order_of_the_queue(waiting, looks, tmp_path):
    runs = [waiting() for _ in range(4)]
    queue_up(tmp_path, *runs, at_once=2)
    names = [run.name for run in runs]

    def first_two() -> None:
        assert list(started) == names[:2]
        with changed_queue(tmp_path) as queue:
            queue.put_first([names[3]])
        started[names[0]].end(states.FINISHED)

    def reordered() -> None:
        assert list(started) == [*names[:2], names[3]]
        for name in (names[1], names[3]):
            started[name].end(states.FINISHED)

    looks(first_two, reordered, lambda: started[names[2]].end(states.FINISHED))


def test_a_paused_queue_starts_none_and_a_cleared_one_is_over(waiting, looks, tmp_path):
    first, second = waiting(), waiting()
    queue_up(tmp_path, first, second)

    def pause() -> None:
        queue_up(tmp_path, paused=True)
        started[first.name].end(states.FINISHED)

    looks(pause)
    assert read_queue(tmp_path).waiting == [second.name]
    assert second.read_meta().state == states.WAITING
    queue_up(tmp_path, paused=False)
    with changed_queue(tmp_path) as queue:
        queue.waiting = []
    looks()
    assert list(started) == [first.name]


def test_what_is_no_longer_waiting_is_passed_over(waiting, looks, tmp_path):
    done, good = waiting(state=states.FINISHED), waiting()
    queue_up(tmp_path, done, RunFolder(tmp_path / "gone"), good)
    looks(lambda: started[good.name].end(states.FINISHED))
    assert list(started) == [good.name]


def test_what_cannot_be_read_keeps_its_turn(waiting, looks, tmp_path):
    """As another user's, or on a disk that fails for a moment."""
    closed, good = waiting(), waiting()
    meta = closed.meta_file.read_text()
    queue_up(tmp_path, closed, good)
    closed.meta_file.write_text("{")
    looks(lambda: started[good.name].end(states.FINISHED))
    assert (list(started), read_queue(tmp_path).waiting) == ([good.name], [closed.name])
    closed.meta_file.write_text(meta)
    looks(lambda: started[closed.name].end(states.FINISHED))
    assert read_queue(tmp_path).waiting == []


def test_a_machine_that_is_full_for_a_moment_is_waited_for(waiting, looks, tmp_path, monkeypatch):
    folder, start = waiting(), Pretended

    def full(*given):
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    queue_up(tmp_path, folder)
    monkeypatch.setattr(queue_worker, "Trainer", full)

    def room() -> None:
        assert read_queue(tmp_path).waiting == [folder.name]
        monkeypatch.setattr(queue_worker, "Trainer", start)

    def looked(*happenings) -> None:
        left = iter(happenings)
        monkeypatch.setattr(queue_worker.time, "sleep", lambda seconds: next(left)())
        work_off(tmp_path, tmp_path)

    looked(room, lambda: started[folder.name].end(states.FINISHED))
    assert folder.read_meta().state == states.FINISHED


def test_a_process_that_dies_before_it_begins_has_failed(waiting, looks, tmp_path, monkeypatch):
    folder = waiting()
    queue_up(tmp_path, folder)
    folder.log.write_text("Killed by the sky\n")

    def die() -> None:
        started[folder.name].end(states.WAITING)

    looks(die)
    meta = folder.read_meta()
    assert meta.state == states.FAILED
    assert meta.reason == "its process ended before it began: Killed by the sky"


def test_what_was_killed_with_its_worker_before_it_began_is_started_again(waiting, looks, tmp_path):
    killed, next_one = waiting(), waiting()
    queue_up(tmp_path, next_one, started=[killed.name])
    ends = [lambda name=run.name: started[name].end(states.FINISHED) for run in (killed, next_one)]
    looks(*ends)
    assert list(started) == [killed.name, next_one.name]


def test_a_folder_has_one_worker(waiting, tmp_path):
    folder = waiting()
    queue_up(tmp_path, folder)
    with (tmp_path / WORKER_LOCK).open("ab") as lock:
        assert try_lock(lock)
        assert is_worked_off(tmp_path)
        work_off(tmp_path, tmp_path)
    assert not is_worked_off(tmp_path)
    assert read_queue(tmp_path).waiting == [folder.name]


def test_runs_train_one_after_the_other_without_whoever_asked_for_them(waiting, tmp_path):
    runs = waiting(), waiting("data.name=folder", "data.path=/nowhere", "data.size=1x28x28"), waiting()
    enqueue(tmp_path, *runs)
    wait_until(lambda: not is_worked_off(tmp_path) and not read_queue(tmp_path).waiting, 100)
    found = [run.read_meta() for run in runs]
    assert [meta.state for meta in found] == [states.FINISHED, states.FAILED, states.FINISHED]
    assert found[0].started < found[2].started


def test_a_killed_worker_is_taken_up_from_where_it_was(waiting, tmp_path, monkeypatch):
    runs = [waiting("train.epochs=1000"), waiting()]
    enqueue(tmp_path, *runs)
    wait_until(lambda: runs[0].read_meta().state == states.RUNNING, 60)
    for process in psutil.process_iter(["cmdline"]):
        if {"aetui.training.queue_worker", str(tmp_path)} <= set(process.info["cmdline"] or ()):
            process.kill()
    wait_until(lambda: not is_worked_off(tmp_path))
    enqueue(tmp_path)
    wait_until(lambda: is_worked_off(tmp_path))
    assert read_queue(tmp_path).started == [runs[0].name], "what it had started still has its place"
    assert runs[1].read_meta().state == states.WAITING
    runs[0].control.write_text("stop\n")
    wait_until(lambda: runs[1].read_meta().state == states.FINISHED, 60)


def test_a_queue_that_cannot_be_written_starts_nothing(waiting, tmp_path):
    (tmp_path / WORKER_LOCK).mkdir()
    with pytest.raises(AetuiError, match=WORKER_LOCK):
        enqueue(tmp_path, waiting())
