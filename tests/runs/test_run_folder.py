"""Run folders: made, found and mended."""

import os
import shutil
from pathlib import Path

import pytest
from made_runs import new_run

from aetui.errors import AetuiError, UsageError
from aetui.files import write_whole
from aetui.runs.folder import RunFolder
from aetui.runs.listing import RunsFollower, find_run, list_runs, look_through
from aetui.runs.liveness import find_state


def test_a_new_run_is_starting_and_listed(tmp_path):
    folder = new_run(tmp_path)
    assert find_state(folder, folder.read_meta()) == "starting"
    assert [summary.run for summary in list_runs(tmp_path / "runs")] == [folder.name]


def test_followed_runs_are_read_again_where_they_changed_alone(tmp_path, monkeypatch):
    first, second = new_run(tmp_path), new_run(tmp_path)
    read: list[str] = []
    read_meta = RunFolder.read_meta
    monkeypatch.setattr(RunFolder, "read_meta", lambda self: read.append(self.name) or read_meta(self))
    follower = RunsFollower(tmp_path / "runs")
    assert len(follower.poll()) == len(read) == 2
    assert len(follower.poll()) == len(read) == 2
    second.change_meta(epochs=7)
    read.clear()
    assert {run.run: run.epochs for run in follower.poll()} == {first.name: 0, second.name: 7}
    assert read == [second.name]
    first.meta_file.write_text("{")
    assert [run.run for run in follower.poll()] == [second.name]
    assert "damaged" in follower.notes[0]
    shutil.rmtree(first.path)
    assert [run.run for run in follower.poll()] == [second.name]
    assert follower.notes == []


def test_a_folder_that_may_not_be_entered_hides_no_other(tmp_path, monkeypatch):
    older, newer = new_run(tmp_path), new_run(tmp_path)
    closed = tmp_path / "runs" / "20000101-closed"
    closed.mkdir()

    def is_file(path: Path) -> bool:
        if path.is_relative_to(closed):
            raise PermissionError(13, "Permission denied")  # as Path.is_file did before Python 3.14
        return os.path.isfile(path)  # noqa: PTH113

    monkeypatch.setattr(Path, "is_file", is_file)
    found, notes = look_through(tmp_path / "runs")
    assert {run.run for run in found} == {older.name, newer.name}
    assert notes == [f"1 folder in {tmp_path / 'runs'} may not be entered by this user"]


def test_a_run_that_was_mended_is_listed_again(tmp_path):
    folder = new_run(tmp_path)
    follower = RunsFollower(tmp_path / "runs")
    folder.previews.rename(tmp_path / "kept")
    folder.previews.symlink_to("/etc")
    assert follower.poll() == []
    assert "is a link" in follower.notes[0]
    folder.previews.unlink()
    (tmp_path / "kept").rename(folder.previews)
    assert [run.run for run in follower.poll()] == [folder.name]
    assert follower.notes == []


def test_a_runs_folder_that_cannot_be_read_is_said(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.listdir", refuse)
    assert look_through(tmp_path) == ([], [f"{tmp_path} cannot be read: Permission denied"])
    with pytest.raises(UsageError, match="that can be read") as refused:
        find_run(tmp_path, None)
    assert "Permission denied" in refused.value.hint


def test_a_loss_that_is_no_number_is_null_in_json(tmp_path):
    new_run(tmp_path).change_meta(test_loss=float("nan"))
    assert [run.as_dict()["test_loss"] for run in list_runs(tmp_path / "runs")] == [None]


def test_very_many_runs_are_read_in_several_looks(tmp_path):
    made = [new_run(tmp_path).name for _ in range(5)]
    follower, looks = RunsFollower(tmp_path / "runs"), 1
    found = follower.poll(3, seconds=0.0)
    assert [run.run for run in found] == [max(made)]
    while follower.behind:
        found = follower.poll(3, seconds=0.0)
        looks += 1
    assert looks == 5
    assert found == list_runs(tmp_path / "runs")[:3]


def test_the_newest_run_is_the_one_that_began_last_in_whatever_time_zone(tmp_path):
    older, newer, undated = new_run(tmp_path), new_run(tmp_path), new_run(tmp_path)
    older.change_meta(started="2026-11-29T14:08:00.000+09:00")
    newer.change_meta(started="2026-11-29T00:08:08.000-05:00")
    undated.change_meta(started="yesterday")
    assert [one.run for one in list_runs(tmp_path / "runs")] == [newer.name, older.name, undated.name]
    assert find_run(tmp_path / "runs", None).name == newer.name


def test_runs_are_found_by_name_part_or_folder(tmp_path):
    first, second = new_run(tmp_path, "a"), new_run(tmp_path, "b")
    runs = tmp_path / "runs"
    assert find_run(runs, first.name).name == first.name
    assert find_run(runs, first.name[-4:]).name == first.name
    assert find_run(runs, str(second.path)).path == second.path
    with pytest.raises(UsageError, match="2 runs are called 20"):
        find_run(runs, "20")
    with pytest.raises(UsageError, match="No run"):
        find_run(runs, "zzz")
    with pytest.raises(UsageError, match="There are no runs"):
        find_run(tmp_path / "none", None)


def test_a_run_that_is_named_and_may_not_be_entered_is_not_said_to_be_missing(tmp_path, monkeypatch):
    run, other = new_run(tmp_path), new_run(tmp_path, "other")
    is_file = Path.is_file

    def refused(path: Path) -> bool:
        if run.path in path.parents:
            raise PermissionError(13, "Permission denied", str(path))
        return is_file(path)

    monkeypatch.setattr(Path, "is_file", refused)
    with pytest.raises(AetuiError, match=f"{run.name} cannot be read: Permission denied"):
        find_run(tmp_path / "runs", str(run.path))
    assert find_run(tmp_path / "runs", "other").name == other.name


def test_names_of_any_kind_make_harmless_folders(tmp_path):
    folder = new_run(tmp_path, "[/x]\x1b[31m../../é")
    assert folder.path.parent == tmp_path / "runs"
    assert folder.name.isascii()
    assert folder.read_meta().preset == "[/x]\x1b[31m../../é"


def test_a_runs_folder_that_cannot_be_is_a_sentence(tmp_path):
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(AetuiError, match="cannot be made"):
        new_run(tmp_path)


def test_a_run_that_the_disk_refuses_leaves_no_folder(tmp_path, monkeypatch):
    new_run(tmp_path)

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(RunFolder, "write_meta", fail)
    with pytest.raises(AetuiError, match=r"cannot be made in .*: No space left"):
        new_run(tmp_path)
    assert len(list((tmp_path / "runs").iterdir())) == 1


@pytest.mark.parametrize(
    ("name", "called"),
    [("r1", "r1"), ("a $(b)", "'a $(b)'"), ("--repair", "{folder}/runs/--repair"), ("-", "{folder}/runs/-")],
)
def test_a_run_is_called_as_a_shell_and_the_command_line_take_it(tmp_path, monkeypatch, name, called):
    monkeypatch.chdir(tmp_path)
    assert RunFolder(Path("runs") / name).called == called.format(folder=tmp_path)


def test_damaged_meta_is_passed_over_in_lists(tmp_path):
    folder = new_run(tmp_path)
    folder.meta_file.write_text("{")
    assert list_runs(tmp_path / "runs") == []
    _, (note,) = look_through(tmp_path / "runs")
    assert f"`aetui resume {folder.path} --repair` makes it anew" in note
    with pytest.raises(AetuiError, match="damaged"):
        folder.read_meta()
    shutil.rmtree(folder.path)
    with pytest.raises(AetuiError) as gone:
        folder.read_meta()
    assert gone.value.hint == "somebody has deleted or moved the run"


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_failing_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, failing):
    path = tmp_path / "file"
    write_whole(path, b"old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*(("os.fsync", fail) if failing == "fsync" else ("pathlib.Path.replace", fail)))
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_only_what_aetui_left_half_written_is_swept(tmp_path):
    folder = new_run(tmp_path)
    (folder.previews / "epoch_0001_worst.png.tmp").touch()
    ours = [folder.path / "meta.json.tmp", folder.path / "reserve.tmp", *folder.previews.iterdir()]
    theirs = [folder.path / "notes.tmp", folder.previews / "mine.png.tmp", folder.path / "config.toml.bak"]
    for path in (*ours, *theirs):
        path.write_text("half")
    folder.own()
    assert not [path for path in ours if path.exists()]
    assert all(path.read_text() == "half" for path in theirs)
