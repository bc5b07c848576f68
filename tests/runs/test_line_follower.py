"""Files of lines are followed whatever becomes of them, and never for ever."""

import os

import pytest

from aetui.runs.control import CommandFollower, send
from aetui.runs.event_log import EventFollower
from aetui.runs.lines import LARGEST_BYTES, MOST_BYTES, LineFollower


def test_a_command_reaches_a_file_that_was_written_anew(tmp_path):
    """`echo pause > control.jsonl` empties the file first; an editor puts another in its place."""
    path = tmp_path / "control.jsonl"
    for _ in range(5):
        send(path, "resume")
    follower = CommandFollower(path, path.stat().st_size)
    path.write_text("pause\n")
    assert follower.poll() == ["pause"]
    replacement = tmp_path / "new"
    replacement.write_text("pause\nstop\n")
    replacement.replace(path)
    assert follower.poll() == ["stop"]


def test_a_command_in_a_file_that_was_deleted_and_made_again_is_taken(tmp_path):
    path = tmp_path / "control.jsonl"
    follower = CommandFollower(path, 0)
    send(path, "pause")
    assert follower.poll() == ["pause"]
    path.unlink()
    send(path, "make-room")
    assert follower.poll() == ["make-room"]


def test_a_log_that_is_replaced_by_itself_and_more_is_not_read_twice(tmp_path):
    """As rsync does it."""
    path, longer = tmp_path / "events.jsonl", tmp_path / "longer"
    lines = [f"line {number}" for number in range(100)]
    path.write_text("\n".join(lines[:50]) + "\n")
    follower = LineFollower(path)
    assert len(follower.read()) == 50
    longer.write_text("\n".join(lines) + "\n")
    longer.replace(path)
    assert [line.decode() for line in follower.read()] == lines[50:]


def test_a_log_of_terabytes_is_refused(tmp_path):
    path = tmp_path / "events.jsonl"
    path.touch()
    os.truncate(path, 8 * 10**12)
    with pytest.raises(OSError, match=r"larger than 2\.00 GB"):
        LineFollower(path).read()


def test_damage_without_an_end_does_not_hold_up_a_look(tmp_path):
    path = tmp_path / "events.jsonl"
    path.touch()
    os.truncate(path, LARGEST_BYTES)
    follower = EventFollower(path)
    assert follower.poll() == []
    assert follower.behind
    os.truncate(path, 3 * MOST_BYTES)
    assert follower.poll() == []
    assert not follower.behind
