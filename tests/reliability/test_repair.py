"""The list of checkpoints is made anew from the checkpoints, each verified by its own sum."""

import errno
import json
import os
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aetui.cli import main
from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.errors import AetuiError
from aetui.files import append_line
from aetui.runs import meta_repair
from aetui.runs.checkpoint_index import is_damaged, read_index
from aetui.runs.create import create_run
from aetui.runs.event_lines import to_json
from aetui.runs.events import StateChanged
from aetui.training import checkpoint_file
from aetui.training.checkpoint_sum import sum_holds
from aetui.training.ownership import owned
from aetui.training.repair import repair_index
from aetui.training.supervisor import supervise
from aetui.ui.app import AetuiApp
from aetui.ui.settings import Settings


@pytest.fixture
def trained(small_data, tmp_path):
    preset = read_preset(find_preset("digits-mlp"), ["train.epochs=3"])
    folder = create_run(preset, "", tmp_path / "runs", tmp_path, "cpu", threads=1)
    assert supervise(folder) == 0
    return folder


@pytest.mark.parametrize("damage", ["missing", "cut", "empty", "foreign"])
def test_the_list_is_as_before(trained, damage):
    index = trained.checkpoints / "index.json"
    before, data = read_index(trained.checkpoints), index.read_bytes()
    index.write_bytes({"cut": data[:50], "empty": b"", "foreign": b"[1]"}.get(damage, b""))
    if damage == "missing":
        index.unlink()
    assert is_damaged(trained.checkpoints)
    notes = repair_index(trained.checkpoints)
    assert len(notes) == 1
    assert "epoch_0003_step_00000012.pt" in notes[0]
    assert read_index(trained.checkpoints) == before


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(data=st.data())
def test_a_flipped_bit_is_never_listed(trained, data):
    newest = read_index(trained.checkpoints)[-1]
    path, aside = trained.checkpoints / newest.file, trained.checkpoints / f"{newest.file}.damaged"
    whole = path.read_bytes()
    where = data.draw(st.integers(0, len(whole) - 1))
    path.write_bytes(
        whole[:where] + bytes([whole[where] ^ (1 << data.draw(st.integers(0, 7)))]) + whole[where + 1 :]
    )
    notes = repair_index(trained.checkpoints)
    if path.exists():  # the bit that made the sum no sum: the archive's own checks must hold then
        assert sum_holds(path) is None
        assert any("CRC-32s hold" in note for note in notes)
    else:
        assert aside.exists()
        assert any("is not listed" in note for note in notes)
        aside.unlink()
    assert [entry.epoch for entry in read_index(trained.checkpoints)][:2] == [1, 2]
    path.write_bytes(whole)
    repair_index(trained.checkpoints)


def test_a_list_that_names_none_of_the_files_loses_none(trained):
    """An empty list is what a run begins with; beside three checkpoints it once deleted them all."""
    index, before = trained.checkpoints / "index.json", read_index(trained.checkpoints)
    index.write_text("[]")
    assert supervise(trained) == 0
    assert read_index(trained.checkpoints) == before


def test_where_nothing_is_whole_nothing_is_begun_anew(trained):
    """It once trained again from step 0, over the log of the run."""
    for path in trained.checkpoints.glob("*.pt"):
        path.write_bytes(path.read_bytes()[:-100])
    files = sorted(path.name for path in trained.checkpoints.iterdir())
    with pytest.raises(AetuiError, match="None of the checkpoints is whole"):
        repair_index(trained.checkpoints)
    assert supervise(trained, repair=True) == 1
    assert "None of the checkpoints is whole" in trained.read_meta().reason
    assert sorted(path.name for path in trained.checkpoints.iterdir()) == files


def test_what_cannot_be_read_now_is_not_renamed(trained, monkeypatch):
    files = sorted(path.name for path in trained.checkpoints.iterdir())

    def refuse(path):
        raise OSError(errno.EMFILE, "Too many open files", str(path))

    monkeypatch.setattr(checkpoint_file, "sum_holds", refuse)
    with pytest.raises(AetuiError, match="cannot be read now: Too many open files"):
        repair_index(trained.checkpoints)
    assert sorted(path.name for path in trained.checkpoints.iterdir()) == files


@pytest.mark.parametrize("damage", ["{", "", None])
def test_a_damaged_meta_is_made_anew(trained, capsys, damage):
    before = trained.read_meta()
    trained.meta_file.unlink() if damage is None else trained.meta_file.write_text(damage)
    runs = str(trained.path.parent)
    assert main(["runs", "--runs", runs]) == 0
    assert "--repair` makes it anew" in capsys.readouterr().err
    command = ["resume", trained.name, "--runs", runs, "--set", "train.epochs=4", "--threads", "1"]
    assert main(command) == 1
    assert "--repair` makes it anew" in capsys.readouterr().err
    assert main([*command, "--repair"]) == 0
    assert "meta.json is made anew" in capsys.readouterr().err
    meta = trained.read_meta()
    assert (meta.epochs, meta.state, meta.seed) == (4, "finished", before.seed)
    assert meta.started[:19] >= before.started[:19]
    assert [path.read_text() for path in trained.path.glob("meta.json.damaged")] == [damage] * (
        damage is not None
    )


@pytest.mark.parametrize("moment", [4e11, -1e11])
def test_a_meta_is_made_anew_whatever_the_clock_said(trained, moment):
    trained.meta_file.unlink()
    trained.events.unlink()
    trained.config.touch()
    with pytest.MonkeyPatch.context() as clock:
        clock.setattr(meta_repair, "_first_moment", lambda folder: moment)
        meta_repair.rebuild_meta(trained, trained.path)
    assert trained.read_meta().started[:2] == "20"


def test_a_meta_is_not_made_anew_beside_a_process_that_trains(trained, capsys):
    """Whose lock somebody has deleted: two processes once trained the run."""
    trained.meta_file.write_text("{")
    trained.lock.unlink()
    assert main(["resume", str(trained.path), "--repair"]) == 2
    assert "was written just now" in capsys.readouterr().err
    assert trained.meta_file.read_text() == "{"


def test_a_meta_is_not_made_anew_while_a_log_without_an_end_is_written(trained, capsys):
    """The lock may be another machine's alone."""
    trained.meta_file.write_text("{")
    append_line(trained.events, to_json(StateChanged("running"), time.time()))
    assert main(["resume", str(trained.path), "--repair"]) == 2
    assert "was written just now" in capsys.readouterr().err
    os.utime(trained.events, (0, time.time() - 600))
    assert main(["resume", str(trained.path), "--repair", "--threads", "1"]) == 0


def test_an_interrupted_run_is_amended_for_the_app_under_its_lock(trained, monkeypatch):
    begun = []
    monkeypatch.setattr("aetui.cli.app.check_terminal", lambda headless: None)
    monkeypatch.setattr(
        "aetui.cli.app.open_app", lambda options, headless, train: begun.append(train.path) or 0
    )
    command = ["resume", str(trained.path), "--app", "--set", "train.epochs=5"]
    trained.change_meta(state="running", pid=2**30)
    with owned(trained):
        assert main(command) == 2
    trained.change_meta(state="stopped")
    with owned(trained):
        assert main(command) == 1
    assert trained.read_meta().epochs_planned == 3
    trained.change_meta(state="running")
    assert main(command) == 0
    assert begun == [trained.path]
    assert trained.read_meta().epochs_planned == 5


def test_a_run_of_an_older_version_says_what_could_not_be_verified(old_run):
    folder = old_run()
    (folder.checkpoints / "index.json").unlink()
    notes = "\n".join(repair_index(folder.checkpoints))
    assert "an older version wrote it, without a sum; its CRC-32s hold" in notes
    assert "which test loss it had is not known" in notes
    assert [entry.step for entry in read_index(folder.checkpoints)] == [157, 158]


def test_a_file_that_only_looks_like_a_checkpoint_is_put_aside(trained):
    (trained.checkpoints / "epoch_0009_step_00000099.pt").write_text("not one")
    copy = trained.checkpoints / "epoch_0001_step_00000004 (copy).pt"
    copy.write_text("a person's own")
    notes = repair_index(trained.checkpoints)
    assert len(notes) == 2
    (damaged,) = trained.checkpoints.glob("*.damaged")
    assert damaged.name == "epoch_0009_step_00000099.pt.damaged"
    assert copy.exists()


def test_resume_tells_of_it_and_does_it(trained, capsys):
    index = trained.checkpoints / "index.json"
    index.write_text("{")
    with pytest.raises(AetuiError, match="list of checkpoints is damaged"):
        read_index(trained.checkpoints)
    command = ["resume", str(trained.path), "--set", "train.epochs=4", "--threads", "1"]
    assert main(command) == 1
    assert "aetui resume --repair" in capsys.readouterr().err
    assert main([*command, "--repair"]) == 0
    assert "made anew, with epoch_0001_step_00000004.pt" in capsys.readouterr().err
    assert trained.read_meta().epochs == 4
    assert json.loads(index.read_text())[-1]["epoch"] == 4


async def test_the_app_offers_it(trained, monkeypatch):
    begun = []
    start = lambda self, folder, repair: begun.append((folder.path, repair))  # noqa: E731
    monkeypatch.setattr(AetuiApp, "_start_training", start)
    trained.change_meta(state="stopped")
    app = AetuiApp(Settings(trained.path.parent, trained.path.parent), watch=trained)
    async with app.run_test(size=(140, 40)) as pilot:
        await pilot.press("R")
        await pilot.pause()
        assert begun == []
        (trained.checkpoints / "index.json").write_text("{")
        await pilot.press("R")
        await pilot.pause()
    assert begun == [(trained.path, True)]
