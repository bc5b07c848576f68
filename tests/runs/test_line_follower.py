"""Files of lines are followed whatever becomes of them, and never for ever."""

import os

import pytest

from aetui.runs.control import CommandFollower, send
from aetui.runs.event_log import MOST_READS, EventFollower
from aetui.runs.lines import MOST_BYTES, LineFollower


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


def test_a_log_of_terabytes_is_refused(tmp_path):
    path = tmp_path / "events.jsonl"
    path.touch()
    os.truncate(path, 8 * 10**12)
    with pytest.raises(OSError, match="larger than 10"):
        LineFollower(path).read()


def test_damage_without_an_end_does_not_hold_up_a_look(tmp_path):
    path = tmp_path / "events.jsonl"
    path.touch()
    os.truncate(path, 9 * 10**9)
    follower = EventFollower(path)
    assert follower.poll() == []
    assert follower.behind
    assert follower.damaged <= MOST_READS
    os.truncate(path, MOST_READS * MOST_BYTES)
    assert follower.poll() == []
    assert not follower.behind
