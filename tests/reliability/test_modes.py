"""A run is its owner's alone, unless it is shared; commands count from nobody else."""

import os
import stat

import pytest

from aetui.cli import main
from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.errors import AetuiError
from aetui.files import append_line
from aetui.runs import listing
from aetui.runs.control import CommandFollower, send
from aetui.runs.create import create_run
from aetui.runs.events import Warned
from aetui.runs.listing import owner_note
from aetui.training.supervisor import supervise


@pytest.fixture(params=[0o000, 0o002, 0o022, 0o077])
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def make(tmp_path, *, shared: bool = False):
    preset = read_preset(find_preset("digits-mlp"), ["train.epochs=1"])
    return create_run(preset, "", tmp_path / "runs", tmp_path, "cpu", threads=1, shared=shared)


def modes(folder) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in [folder.path, *folder.path.rglob("*")]}


def test_everything_is_made_for_the_owner_alone(small_data, tmp_path, umask):
    folder = make(tmp_path)
    supervise(folder)
    found = modes(folder)
    folders = {folder.name, "previews", "checkpoints"}
    assert {found.pop(name) for name in folders} == {0o700}
    assert set(found.values()) == {0o600}


def test_a_shared_run_is_as_the_umask_says(small_data, tmp_path, umask):
    folder = make(tmp_path, shared=True)
    supervise(folder)
    found = modes(folder)
    assert found[folder.name] == 0o777 & ~umask
    assert found["events.jsonl"] == found["index.json"] == found["control.jsonl"] == 0o666 & ~umask


def test_a_command_that_others_may_have_written_is_not_taken(small_data, tmp_path):
    folder = make(tmp_path)
    told = []

    def listen(event):
        told.append(event)
        if type(event).__name__ == "RunStarted":
            folder.control.chmod(0o622)
            send(folder.control, "pause")

    assert supervise(folder, listen) == 0
    (warning,) = [event.message for event in told if isinstance(event, Warned)]
    assert "others may write" in warning
    assert "--shared" in warning


def test_a_shared_run_takes_it(tmp_path):
    folder = make(tmp_path, shared=True)
    send(folder.control, "pause")
    folder.control.chmod(0o666)
    assert CommandFollower(folder.control, 0, shared=True).poll() == ["pause"]
    with pytest.raises(AetuiError, match="others may write"):
        CommandFollower(folder.control, 0).poll()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_command_of_another_user_is_not_taken(tmp_path):
    folder = make(tmp_path)
    send(folder.control, "stop")
    os.chown(folder.control, 12345, 12345)
    with pytest.raises(AetuiError, match="belongs to another user"):
        CommandFollower(folder.control, 0).poll()


def test_a_runs_folder_of_somebody_else_is_said(tmp_path, monkeypatch, small_data, capsys):
    runs = tmp_path / "runs"
    runs.mkdir()
    assert owner_note(runs) == owner_note(tmp_path / "none") == ""
    monkeypatch.setattr(listing.os, "geteuid", lambda: os.getuid() + 1)
    assert "can change the runs in it" in owner_note(runs)
    monkeypatch.setattr(listing.pwd, "getpwuid", {}.__getitem__)
    assert owner_note(runs) == f"{runs} belongs to another user, who can change the runs in it"


def test_warnings_of_libraries_go_to_the_log(small_data, tmp_path, capfd, monkeypatch):
    import warnings

    from aetui.training import loop

    real = loop.take_step

    def warns(*arguments):
        warnings.warn("something for programmers", stacklevel=1)
        return real(*arguments)

    monkeypatch.setattr(loop, "take_step", warns)
    runs = tmp_path / "runs"
    command = ["train", "digits-mlp", "--set", "train.epochs=1", "--threads", "1", "--runs", str(runs)]
    assert main(command) == 0
    assert "for programmers" not in "".join(capfd.readouterr())
    (log,) = runs.glob("*/log.txt")
    assert "UserWarning: something for programmers" in log.read_text()


def test_a_copy_of_a_file_with_a_second_name_is_for_nobody_else_than_it_was(tmp_path):
    """The run's folder may be open to all."""
    (tmp_path / "own").write_text("mine\n")
    (tmp_path / "own").chmod(0o600)
    (tmp_path / "run").mkdir()
    (tmp_path / "run").chmod(0o755)
    log = tmp_path / "run" / "events.jsonl"
    os.link(tmp_path / "own", log)
    append_line(log, "new")
    assert (tmp_path / "own").read_text() == "mine\n"
    assert log.read_text() == "mine\nnew\n"
    assert log.stat().st_mode & 0o777 == 0o600
