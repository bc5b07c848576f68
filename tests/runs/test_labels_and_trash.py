"""What a person says of runs, and what becomes of those that are deleted."""

import json
import os
import shutil
import time
from types import SimpleNamespace

import pytest

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.errors import AetuiError
from aetui.runs import states
from aetui.runs.create import create_run
from aetui.runs.folder import RunFolder
from aetui.runs.labels import LABELS_FILE, UNLABELLED, Labels, change_labels, read_labels
from aetui.runs.listing import RunsFollower, in_short, list_runs
from aetui.runs.trash import KEPT_SECONDS, TRASH, empty_trash, take_back, throw_away


@pytest.fixture
def made(tmp_path):
    preset = read_preset(find_preset("digits-mlp"))
    return lambda state=states.FINISHED: create_run(preset, "", tmp_path / "runs", tmp_path, state=state)


def test_what_is_said_is_listed_at_the_next_look(made):
    folder = made()
    follower = RunsFollower(folder.path.parent)
    assert follower.poll()[0].labels == UNLABELLED
    change_labels(folder, note="good", tags=("a", "b"))
    change_labels(folder, starred=True, name="mine")
    (run,) = follower.poll()
    assert run.labels == Labels(name="mine", note="good", tags=("a", "b"), starred=True)
    assert (run.title, run.preset) == ("mine", "digits-mlp")


@pytest.mark.parametrize("text", ["{", "[]", chr(34), json.dumps({"tags": ["x"] * 51}), " " * 100_001])
def test_damaged_labels_say_nothing_and_the_run_is_listed(made, text):
    folder = made()
    (folder.path / LABELS_FILE).write_text(text)
    assert read_labels(folder) == UNLABELLED
    assert len(list_runs(folder.path.parent)) == 1


def test_labels_are_not_written_through_a_link(made, tmp_path):
    folder, outside = made(), tmp_path / "outside"
    outside.write_text("mine")
    (folder.path / LABELS_FILE).symlink_to(outside)
    change_labels(folder, note="x")
    assert outside.read_text() == "mine"


def test_a_run_that_lies_elsewhere_is_not_labelled_from_here(made, tmp_path):
    folder = made()
    here = tmp_path / "here"
    here.mkdir()
    (here / folder.name).symlink_to(folder.path)
    with pytest.raises(AetuiError, match="is a link"):
        change_labels(RunFolder(here / folder.name), starred=True)
    assert read_labels(folder) == UNLABELLED


def test_a_deleted_run_is_in_no_list_and_comes_back_as_it_was(made):
    folder, other = made(), made()
    before = folder.config.read_bytes()
    thrown = throw_away(folder)
    assert [run.run for run in list_runs(folder.path.parent)] == [other.name]
    assert thrown.path.parent.name == TRASH
    back = take_back(thrown)
    assert (back.path, back.config.read_bytes()) == (folder.path, before)


def test_one_that_is_taken_meanwhile_comes_back_beside_it(made):
    folder = made()
    thrown = throw_away(folder)
    shutil.copytree(thrown.path, folder.path)
    assert take_back(thrown).name == f"{folder.name}-2"


def test_what_is_at_work_is_not_deleted(made):
    folder = made(states.STARTING)
    with pytest.raises(AetuiError, match="is at work"):
        throw_away(folder)
    assert folder.path.is_dir()


def test_the_trash_is_emptied_after_a_week_and_nothing_outside_is(made, tmp_path, monkeypatch):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "mine").write_text("mine")
    old, linking = throw_away(made()), throw_away(made())
    (linking.path / "out").symlink_to(outside)
    (old.path.parent / "link").symlink_to(outside)
    assert empty_trash(old.path.parent.parent) == 0
    now = time.time()
    monkeypatch.setattr("aetui.runs.trash.time.time", lambda: now + KEPT_SECONDS + 5)
    (old.path.parent / "notes").mkdir()
    shutil.copytree(old.path, old.path.parent / "deep")
    delete = shutil.rmtree

    def rmtree(path, **settings):
        """As Python 3.11's, at folders a thousand deep."""
        if path == "deep":
            raise RecursionError
        delete(path, **settings)

    monkeypatch.setattr("aetui.runs.trash.shutil.rmtree", rmtree)
    kept = RunFolder(tmp_path / "runs" / "20261129-kept")
    kept.path.mkdir()
    assert empty_trash(old.path.parent.parent) == 2
    assert (outside / "mine").read_text() == "mine"
    assert kept.path.is_dir()
    assert (old.path.parent / "notes").is_dir(), "no run, and nobody put it there with aetui"


def test_an_old_run_lies_in_the_trash_for_a_week_too(made, monkeypatch):
    """Also where a disk, as over sshfs, knows no time of a move but only that of the last writing."""
    folder = made()
    os.utime(folder.path, (0, time.time() - 2 * KEPT_SECONDS))
    look = os.stat

    def timeless(*of, **settings):
        facts = look(*of, **settings)
        return SimpleNamespace(st_mode=facts.st_mode, st_mtime=facts.st_mtime, st_ctime=facts.st_mtime)

    thrown = throw_away(folder)
    monkeypatch.setattr("aetui.runs.trash.os.stat", timeless)
    assert empty_trash(folder.path.parent) == 0
    os.utime(thrown.path, (0, time.time() - 2 * KEPT_SECONDS))
    assert empty_trash(folder.path.parent) == 1


def test_nothing_is_taken_back_from_a_link_put_in_the_place_of_the_trash(made, tmp_path):
    thrown = throw_away(made())
    (tmp_path / "precious" / thrown.name).mkdir(parents=True)
    thrown.path.parent.rename(tmp_path / "aside")
    thrown.path.parent.symlink_to(tmp_path / "precious")
    with pytest.raises(AetuiError, match="cannot be moved back: it is a link"):
        take_back(thrown)
    assert (tmp_path / "precious" / thrown.name).is_dir()


def test_a_trash_that_is_a_link_is_neither_filled_nor_emptied(made, tmp_path, monkeypatch):
    folder, outside = made(), tmp_path / "outside"
    (outside / "mine").mkdir(parents=True)
    (folder.path.parent / TRASH).symlink_to(outside)
    with pytest.raises(AetuiError, match="link"):
        throw_away(folder)
    now = time.time()
    monkeypatch.setattr("aetui.runs.trash.time.time", lambda: now + KEPT_SECONDS + 5)
    assert empty_trash(folder.path.parent) == 0
    assert (outside / "mine").is_dir()
    assert folder.path.is_dir()


def test_a_link_put_in_the_place_of_the_trash_while_it_is_emptied(made, tmp_path, monkeypatch):
    """Names in it are those of runs elsewhere, which another user may not even see."""
    first, second = throw_away(made()), throw_away(made())
    trash, elsewhere = first.path.parent, tmp_path / "elsewhere"
    shutil.copytree(trash, elsewhere)
    now, delete = time.time(), shutil.rmtree
    monkeypatch.setattr("aetui.runs.trash.time.time", lambda: now + KEPT_SECONDS + 5)

    def rmtree(path, **settings):
        if not trash.is_symlink():
            trash.rename(tmp_path / "moved")
            trash.symlink_to(elsewhere)
        delete(path, **settings)

    monkeypatch.setattr("aetui.runs.trash.shutil.rmtree", rmtree)
    assert empty_trash(trash.parent) == 2
    assert {entry.name for entry in elsewhere.iterdir()} == {first.name, second.name}
    assert not list((tmp_path / "moved").iterdir())


def test_changes_of_a_foreign_run_are_cut_where_nobody_reads_on(made):
    folder = made()
    meta = json.loads(folder.meta_file.read_text())
    folder.meta_file.write_text(json.dumps(meta | {"changes": ["train.epochs=" + "␛" * 1000] * 100}))
    (run,) = list_runs(folder.path.parent)
    assert {len(change) for change in run.changes} == {200}
    assert len(in_short(run.changes)) == 200
    folder.meta_file.write_text(json.dumps(meta | {"changes": ["x=1"] * 101}))
    assert list_runs(folder.path.parent) == []
