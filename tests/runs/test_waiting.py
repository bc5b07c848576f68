"""The queue's file: whole at every moment, from anybody, changed by several programs."""

import json
import os
import threading

import pytest

from aetui.errors import AetuiError
from aetui.files import open_lock
from aetui.runs.waiting import (
    QUEUE_FILE,
    QUEUE_LOCK,
    WORKER_LOCK,
    Queue,
    changed_queue,
    read_queue,
    try_lock,
)


def test_there_is_an_empty_queue_where_there_is_no_file(tmp_path):
    assert read_queue(tmp_path) == Queue()
    with changed_queue(tmp_path):
        pass
    assert not (tmp_path / QUEUE_FILE).exists(), "nothing was changed"


def test_two_programs_change_it_in_turn(tmp_path):
    def add(name: str) -> None:
        for number in range(20):
            with changed_queue(tmp_path) as queue:
                queue.waiting.append(f"{name}{number}")

    threads = [threading.Thread(target=add, args=[name]) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(read_queue(tmp_path).waiting) == sorted(f"{name}{n}" for name in "ab" for n in range(20))


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"waiting": ["../outside"]}',
        '{"waiting": ["/etc"]}',
        '{"started": [".."]}',
        json.dumps({"waiting": ["€" * 200]}),
        '{"at_once": 0}',
        '{"at_once": 1000000}',
        json.dumps({"waiting": ["x"] * 20_001}),
        " " * 12_000_001,
    ],
)
def test_a_damaged_or_hostile_file_is_refused(tmp_path, text):
    (tmp_path / QUEUE_FILE).write_text(text)
    with pytest.raises(AetuiError, match=QUEUE_FILE):
        read_queue(tmp_path)
    with pytest.raises(AetuiError, match=QUEUE_FILE), changed_queue(tmp_path):
        pass
    assert (tmp_path / QUEUE_FILE).read_text() == text


def test_a_name_waits_once(tmp_path):
    (tmp_path / QUEUE_FILE).write_text(json.dumps({"waiting": ["a", "b"] * 5000}))
    assert read_queue(tmp_path).waiting == ["a", "b"]


@pytest.mark.parametrize("name", [QUEUE_FILE, QUEUE_LOCK])
def test_a_link_or_pipe_in_its_place_is_not_followed(tmp_path, name):
    outside = tmp_path / "outside"
    outside.write_text("mine")
    runs = tmp_path / "runs"
    for make in (lambda: (runs / name).symlink_to(outside), lambda: os.mkfifo(runs / name)):
        runs.mkdir()
        make()
        with pytest.raises(AetuiError, match="cannot be"), changed_queue(runs) as queue:
            queue.waiting.append("x")
        assert outside.read_text() == "mine"
        (runs / name).unlink()
        for left in runs.iterdir():
            left.unlink()
        runs.rmdir()


def test_a_lock_that_a_backup_has_too_stays_one_lock(tmp_path):
    """`cp -al` of a runs folder: a copy of the lock would be held by a second worker beside the first."""
    path = tmp_path / WORKER_LOCK
    with open_lock(path) as held:
        assert try_lock(held)
        os.link(path, tmp_path / "backup")
        with open_lock(path) as second:
            assert not try_lock(second)
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="link"):
        open_lock(path)
    assert not (tmp_path / "elsewhere").exists()
