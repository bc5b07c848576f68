"""A run that is moved away while it trains owns its folder, not the place where that was."""

import errno
import shutil
from pathlib import Path

import pytest
from live_runs import wait_until

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.errors import AetuiError
from aetui.files import append_line, delete, held_in_place, is_in_place, set_aside, write_whole
from aetui.runs import states
from aetui.runs.control import send
from aetui.runs.create import create_run
from aetui.runs.events import EpochFinished, StateChanged
from aetui.runs.liveness import is_held
from aetui.runs.meta_repair import rebuild_meta
from aetui.training import supervisor
from aetui.training.supervisor import supervise


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("in_its_place", ["another run", "a copy of itself"])
def test_what_takes_the_place_of_a_run_that_trains_is_left_alone(small_data, old_run, tmp_path, in_its_place):
    preset = read_preset(find_preset("digits-mlp"), ["train.epochs=100000", "train.keep_checkpoints=1"])
    folder = create_run(preset, "", tmp_path / "runs", tmp_path, "cpu", threads=1)
    other, before, said = old_run(), {}, []

    def exchange(event):
        if isinstance(event, EpochFinished) and event.epoch >= 3 and not before:
            folder.path.rename(tmp_path / "moved")
            if in_its_place == "another run":
                other.path.rename(folder.path)
            else:
                shutil.copytree(tmp_path / "moved", folder.path)
            before.update(contents(folder.path))
        elif isinstance(event, StateChanged):
            said.append(event)

    assert supervise(folder, exchange) == 1
    assert said[-1].state == states.FAILED
    assert "gone" in said[-1].reason
    assert len(before) > 5
    assert contents(folder.path) == before


def test_a_run_that_is_moved_away_ends_and_does_not_wait_for_room(small_data, tmp_path):
    preset = read_preset(find_preset("digits-mlp"), ["train.epochs=100000"])
    folder, said = create_run(preset, "", tmp_path / "runs", tmp_path, "cpu", threads=1), []

    def move(event):
        if isinstance(event, EpochFinished) and event.epoch == 1:
            folder.path.rename(tmp_path / "elsewhere")
        elif isinstance(event, StateChanged):
            said.append(event)

    assert supervise(folder, move) == 1
    assert [event.state for event in said] == [states.STARTING, states.RUNNING, states.FAILED]
    assert "folder is gone" in said[-1].reason


@pytest.mark.parametrize("deed", ["replaced", "deleted"])
def test_the_lock_is_held_also_where_a_backup_puts_another_in_its_place(
    small_data, tmp_path, monkeypatch, deed
):
    """`tar xf` of a backup over a run that trains: its lock is a new file, which nobody held."""
    monkeypatch.setattr(supervisor, "MEASURE_SECONDS", 0.05)
    preset = read_preset(find_preset("digits-mlp"), ["train.epochs=100000"])
    folder = create_run(preset, "", tmp_path / "runs", tmp_path, "cpu", threads=1)
    seen = []

    def restore(event):
        if isinstance(event, EpochFinished) and event.epoch == 1:
            folder.lock.unlink()
            if deed == "replaced":
                folder.lock.touch()
        elif isinstance(event, EpochFinished) and event.epoch > 1 and not seen:
            wait_until(lambda: is_held(folder.lock))
            seen.append(event)
            send(folder.control, "stop")

    assert supervise(folder, restore) == 5
    assert seen


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ESTALE])
def test_a_disk_that_does_not_tell_for_a_moment_is_not_a_folder_that_is_gone(tmp_path, monkeypatch, number):
    folder = tmp_path / "run"
    folder.mkdir()

    def refuse(*_, **__):
        raise OSError(number, "")

    with held_in_place(folder):
        with monkeypatch.context() as patch:
            patch.setattr(Path, "stat", refuse)
            assert is_in_place(folder)
        folder.rename(tmp_path / "moved")
        assert not is_in_place(folder)
        folder.mkdir()
        assert not is_in_place(folder)


@pytest.mark.parametrize(
    "deed",
    [delete, set_aside, lambda path: write_whole(path, b"new"), lambda path: append_line(path, "new")],
    ids=["delete", "set aside", "write", "append"],
)
def test_a_link_in_the_place_of_a_folder_within_is_seen_at_every_deed(tmp_path, deed):
    """Also one that was put there between two deeds of the same save."""
    run, elsewhere = tmp_path / "run", tmp_path / "elsewhere"
    for folder in (run / "checkpoints", elsewhere):
        folder.mkdir(parents=True)
        (folder / "index.json").write_text("old")
    with held_in_place(run):
        (run / "checkpoints").rename(tmp_path / "moved")
        (run / "checkpoints").symlink_to(elsewhere)
        with pytest.raises(OSError, match="it is a link"):
            deed(run / "checkpoints" / "index.json")
    assert contents(elsewhere) == {Path("index.json"): b"old"}


def test_a_repair_reads_no_config_that_is_a_link(old_run, tmp_path):
    folder = old_run()
    folder.config.rename(tmp_path / "elsewhere.toml")
    folder.config.symlink_to(tmp_path / "elsewhere.toml")
    folder.meta_file.write_text("damaged")
    with pytest.raises(AetuiError, match="is a link"):
        rebuild_meta(folder, tmp_path)
