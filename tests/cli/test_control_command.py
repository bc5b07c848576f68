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


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["set"], "takes a setting and its value"),
        (["set", "train.seed=3"], "only train.learning_rate"),
        (["set", "noise.std=0.2"], "the run was begun without"),
        (["set", "train.learning_rate=0"], "expected greater than 0"),
        (["set", "train.epochs=5\nstop"], "takes a setting and its value"),
        (["set", f"train.epochs={'0' * 300}5"], "takes a setting and its value"),
        (["pause", "train.epochs=5"], "takes nothing more"),
    ],
)
def test_a_change_that_cannot_be_is_told_and_not_sent(folder, capsys, words, said):
    assert control(folder, folder.name, *words) == 2
    assert said in capsys.readouterr().err
    assert not folder.control.exists()


def test_a_change_reaches_the_run(folder):
    assert control(folder, folder.name, "set", "train.learning_rate=3e-4") == 0
    assert CommandFollower(folder.control, 0).poll() == ["set train.learning_rate=3e-4"]
