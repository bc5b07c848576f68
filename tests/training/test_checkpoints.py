"""A checkpoint that is listed is whole; anything else is refused with its reason."""

import errno
import pickle
from pathlib import Path

import psutil
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stored import checkpoint, filled, names, newest_step, relisted

from aetui.errors import AetuiError
from aetui.runs import checkpoint_index
from aetui.runs.checkpoint_index import is_damaged, newest_whole, read_index, write_index
from aetui.training import checkpoints
from aetui.training.checkpoints import CheckpointStore


def test_the_last_few_and_the_best_are_kept(tmp_path):
    store = CheckpointStore(tmp_path, keep=2)
    for step, loss in enumerate([0.5, 0.1, 0.4, None, 0.3], start=1):
        store.save(checkpoint(step, loss))
    assert sorted(int(path.name[6:10]) for path in tmp_path.glob("*.pt")) == [2, 4, 5]
    assert store.best.epoch == 2


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(data=st.data())
def test_any_cut_or_flipped_bit_is_found_and_the_previous_is_used(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("checkpoints")
    filled(folder)
    path = folder / "epoch_0002_step_00000002.pt"
    whole = path.read_bytes()
    where = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        path.write_bytes(whole[:where])
    else:
        flipped = whole[where] ^ (1 << data.draw(st.integers(0, 7)))
        path.write_bytes(whole[:where] + bytes([flipped]) + whole[where + 1 :])
    step, refused = newest_step(folder)
    assert step == 1
    assert "damaged" in refused[0]


def test_every_failing_write_leaves_a_consistent_store(tmp_path, monkeypatch):
    """The k-th write fails, for every k until none does."""
    for k in range(20):
        folder = tmp_path / str(k)
        folder.mkdir()
        filled(folder, keep=2)
        calls, real = [], checkpoints.write_whole

        def failing(path, data, calls=calls, k=k, real=real):
            calls.append(path)
            if len(calls) == k + 1:
                raise OSError(28, "No space left on device")
            real(path, data)

        with monkeypatch.context() as patch:
            patch.setattr(checkpoints, "write_whole", failing)
            patch.setattr(checkpoint_index, "write_whole", failing)
            try:
                CheckpointStore(folder, 2).save(checkpoint(3, 0.1))
                failed = False
            except OSError:
                failed = True
        step, refused = newest_step(folder)
        assert refused == []
        assert step in ((2, 3) if failed else (3,))
        if not failed:
            assert k >= 2
            return
    raise AssertionError("it never got through")


def test_what_a_kill_left_is_cleared_and_nothing_else(tmp_path):
    """Killed before a whole checkpoint was listed, and while the next was written."""
    filled(tmp_path, steps=(1, 2, 3))
    entries = read_index(tmp_path)
    write_index(tmp_path, entries[:2])
    for name in ("epoch_0004_step_00000004.pt.tmp", "index.json.tmp", "mine.tmp", "my own copy.pt"):
        (tmp_path / name).write_bytes(b"half")
    store = CheckpointStore(tmp_path, 3)
    assert store.tidy() == []
    assert store.newest == entries[2]
    assert read_index(tmp_path) == entries
    listed = [entry.file for entry in entries]
    assert names(tmp_path) == sorted([*listed, "index.json", "mine.tmp", "my own copy.pt"])


def test_a_list_older_than_the_checkpoints_loses_none(tmp_path):
    """Restored from a backup, it names files that are thinned and none of those since."""
    store = filled(tmp_path, steps=(1, 2), keep=2)
    index = tmp_path / "index.json"
    old = index.read_bytes()
    for step in (3, 4):
        store.save(checkpoint(step, 1 / step))
    index.write_bytes(old)
    restored = CheckpointStore(tmp_path, 2)
    assert restored.tidy() == []
    assert newest_step(tmp_path) == (4, [])


def test_looking_at_checkpoints_changes_nothing(tmp_path):
    filled(tmp_path, steps=(1, 2, 3))
    write_index(tmp_path, read_index(tmp_path)[:1])
    (tmp_path / "index.json.tmp").write_bytes(b"being written")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert newest_step(tmp_path) == (1, [])
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("missing", [False, True])
def test_a_damaged_one_is_kept_and_the_moment_written_again(tmp_path, missing):
    filled(tmp_path)
    path = tmp_path / "epoch_0002_step_00000002.pt"
    path.unlink() if missing else path.write_bytes(b"damaged")
    store = CheckpointStore(tmp_path, 3)
    ((lost, _),) = store.load_newest().refused
    kept = store.set_aside(lost)
    assert store.newest.step == 1
    store.save(checkpoint(2, 0.5))
    assert newest_step(tmp_path) == (2, [])
    aside = tmp_path / f"{path.name}.damaged"
    assert aside.exists() is not missing
    if not missing:
        assert kept.endswith(aside.name)
        assert aside.read_bytes() == b"damaged"
        path.write_bytes(b"damaged again")
        assert store.set_aside(lost).endswith(".damaged2")
        assert aside.read_bytes() == b"damaged"


def test_one_that_is_gone_is_written_again(tmp_path):
    store = filled(tmp_path)
    (tmp_path / store.newest.file).unlink()
    store.save(checkpoint(2, 0.5))
    assert newest_step(tmp_path) == (2, [])


def test_no_room_is_made_beside_a_damaged_newest_one(tmp_path):
    store = filled(tmp_path, steps=(1, 2, 3))
    (tmp_path / store.newest.file).write_bytes(b"damaged")
    with pytest.raises(ValueError, match="damaged"):
        store.make_room()
    assert newest_step(tmp_path)[0] == 2


def test_one_that_cannot_be_read_now_is_not_passed_over(tmp_path, monkeypatch):
    filled(tmp_path)
    before = names(tmp_path)

    def refuse(path):
        raise OSError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(checkpoint_index, "sha256_of", refuse)
    with pytest.raises(AetuiError, match="cannot be read now: Permission denied"):
        CheckpointStore(tmp_path, 3).load_newest()
    assert names(tmp_path) == before


def test_what_another_run_begins_from_is_not_passed_over_either(tmp_path, monkeypatch):
    filled(tmp_path)
    newest = read_index(tmp_path)[-1]
    assert newest_whole(tmp_path) == newest

    def refuse(folder, entry):
        raise OSError(errno.ESTALE, "Stale file handle")

    monkeypatch.setattr(checkpoint_index, "check_entry", refuse)
    with pytest.raises(AetuiError, match=f"{newest.file} cannot be read: Stale file handle"):
        newest_whole(tmp_path)


def test_no_checkpoint_is_whole_behind_a_link(tmp_path):
    filled(tmp_path)
    before, newest = read_index(tmp_path)[-2:]
    (tmp_path / newest.file).rename(tmp_path / "outside.pt")
    (tmp_path / newest.file).symlink_to("outside.pt")
    assert newest_whole(tmp_path) == before


@pytest.mark.parametrize("damage", ["damaged", "missing"])
def test_a_damaged_or_missing_list_deletes_nothing(tmp_path, damage):
    filled(tmp_path)
    index = tmp_path / "index.json"
    index.write_text("{") if damage == "damaged" else index.unlink()
    with pytest.raises(AetuiError, match=f"list of checkpoints is {damage}"):
        CheckpointStore(tmp_path, 3)
    assert len(list(tmp_path.glob("*.pt"))) == 2


def test_a_folder_that_may_not_be_looked_into_has_no_list_to_repair(tmp_path, monkeypatch):
    def refused(path: Path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", refused)
    assert not is_damaged(tmp_path)


def test_a_list_that_names_one_twice_is_damaged(tmp_path):
    """Thinning out by it would delete what another entry keeps."""
    filled(tmp_path)
    entries = read_index(tmp_path)
    write_index(tmp_path, [entries[1].model_copy(update={"test_loss": 0.5}), entries[1]])
    with pytest.raises(AetuiError, match="names a checkpoint twice"):
        CheckpointStore(tmp_path, 3)


def test_a_link_put_in_the_place_of_the_folder_is_not_followed(tmp_path):
    folder, elsewhere = tmp_path / "checkpoints", tmp_path / "elsewhere"
    folder.mkdir()
    store = filled(folder)
    folder.rename(tmp_path / "moved")
    elsewhere.mkdir()
    (elsewhere / "epoch_0001_step_00000001.pt").write_text("somebody's")
    folder.symlink_to(elsewhere)
    for deed in (lambda: store.save(checkpoint(3)), store.make_room):
        with pytest.raises(OSError, match="it is a link"):
            deed()
    assert names(elsewhere) == ["epoch_0001_step_00000001.pt"]


class Bomb:
    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, "w")


def test_a_malicious_pickle_is_refused_and_nothing_runs(tmp_path):
    sentinel = tmp_path / "sentinel"
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    filled(folder)
    path = folder / "epoch_0002_step_00000002.pt"
    for write in (
        lambda: torch.save({"x": Bomb(sentinel)}, path),
        lambda: path.write_bytes(pickle.dumps(Bomb(sentinel))),
    ):
        write()
        relisted(path)
        step, refused = newest_step(folder)
        assert step == 1
        assert "not a checkpoint" in refused[0]
        assert not sentinel.exists()


def test_the_same_moment_is_written_once(tmp_path, monkeypatch):
    store = filled(tmp_path)
    monkeypatch.setattr(checkpoints, "write_whole", None)
    assert store.save(checkpoint(2)).step == 2


def test_what_an_older_version_kept_is_scored_anew(tmp_path):
    """It knew test losses alone: a cross-entropy of 1.3 is not compared with an error rate of 0.9."""
    store = CheckpointStore(tmp_path, keep=1)
    for step, loss in ((1, 1.3), (2, 1.4)):
        store.save(checkpoint(step, loss).model_copy(update={"score": None}))
    assert store.unscored
    assert store.best is None
    store = CheckpointStore(tmp_path, keep=1)
    store.score({2: 0.5})
    assert not store.unscored
    store.save(checkpoint(3, 0.9))
    assert store.best.epoch == 2
    assert [entry.epoch for entry in read_index(tmp_path)] == [2, 3]


@pytest.mark.parametrize("where", ["torch", "zipfile", "machine"])
def test_too_little_memory_is_no_damage(tmp_path, monkeypatch, where):
    """The newest checkpoint was put aside as damaged, and the run went on from the one before."""

    def refuse(*_, **__):
        if where == "torch":
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")
        raise MemoryError

    store = filled(tmp_path)
    before = names(tmp_path)
    target = {"torch": "torch.load", "zipfile": "zipfile.ZipFile.open"}.get(where)
    if target:
        monkeypatch.setattr(target, refuse)
    else:
        small = psutil.virtual_memory()._replace(total=100)
        monkeypatch.setattr(psutil, "virtual_memory", lambda: small)
    with pytest.raises((AetuiError, MemoryError)):
        store.load_newest()
    assert names(tmp_path) == before
