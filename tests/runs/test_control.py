"""Commands flow back through the run folder."""

from aetui.runs.control import CommandFollower, send, sent_so_far


def test_only_new_commands_are_heard_and_rubbish_is_not(tmp_path):
    path = tmp_path / "control.jsonl"
    send(path, "stop")
    follower = CommandFollower(path, sent_so_far(path))
    assert follower.poll() == []
    send(path, "pause")
    path.open("ab").write(b"\xff\x00 nonsense\n")
    send(path, "resume")
    assert follower.poll() == ["pause", "resume"]
    assert follower.poll() == []
