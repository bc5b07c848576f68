"""`aetui control`: a word into the run folder, or a sentence why not."""

import socket

import psutil
import pytest

from aetui.cli import main
from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.runs.control import COMMANDS, CommandFollower
from aetui.runs.create import create_run


@pytest.fixture
def folder(tmp_path):
    folder = create_run(read_preset(find_preset("digits-mlp")), "", tmp_path / "runs", tmp_path)
    process = psutil.Process()
    where = {"pid": process.pid, "pid_started": process.create_time(), "host": socket.gethostname()}
    folder.change_meta(state="running", **where)
    return folder


def control(folder, *words):
    return main(["control", "--runs", str(folder.path.parent), *words])


def test_every_command_reaches_the_run(folder):
    for command in COMMANDS:
        assert control(folder, folder.name[-4:], command) == 0
    assert CommandFollower(folder.control, 0).poll() == list(COMMANDS)


def test_a_run_that_nothing_trains_is_refused(folder, capsys):
    folder.change_meta(state="stopped")
    assert control(folder, folder.name, "pause") == 1
    assert "is stopped; nothing trains it" in capsys.readouterr().err
    assert not folder.control.exists()


def test_another_word_is_refused(folder):
    with pytest.raises(SystemExit) as left:
        control(folder, folder.name, "explode")
    assert left.value.code == 2
