"""A checkpoint that is listed is whole; anything else is refused with its reason."""

import json
import pickle

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aetui.errors import AetuiError
from aetui.runs import checkpoint_index
from aetui.training import checkpoints
from aetui.training.checkpoints import CheckpointStore

PAYLOAD = {"model": {"w": torch.arange(50.0)}}


def filled(folder, steps=(1, 2), keep=3) -> CheckpointStore:
    store = CheckpointStore(folder, keep)
    for step in steps:
        store.save({**PAYLOAD, "step": step}, epoch=step, step=step, test_loss=1 / step)
    return store


def newest_step(folder):
    payload, _, refused = CheckpointStore(folder, 3).load_newest()
    return (payload and payload["step"]), refused


def test_the_last_few_and_the_best_are_kept(tmp_path):
    store = CheckpointStore(tmp_path, keep=2)
    for step, loss in enumerate([0.5, 0.1, 0.4, None, 0.3], start=1):
        store.save(PAYLOAD, step, step, loss)
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
                CheckpointStore(folder, 2).save({**PAYLOAD, "step": 3}, 3, 3, 0.1)
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


def test_leftovers_of_a_kill_are_swept(tmp_path):
    filled(tmp_path)
    (tmp_path / "epoch_0003_step_00000003.pt.tmp").write_bytes(b"half")
    (tmp_path / "epoch_0003_step_00000003.pt").write_bytes(b"whole but not listed")
    (tmp_path / "my own copy.pt").write_bytes(b"mine")
    CheckpointStore(tmp_path, 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "epoch_0001_step_00000001.pt",
        "epoch_0002_step_00000002.pt",
        "index.json",
        "my own copy.pt",
    ]


@pytest.mark.parametrize("damage", ["damaged", "missing"])
def test_a_damaged_or_missing_list_deletes_nothing(tmp_path, damage):
    filled(tmp_path)
    index = tmp_path / "index.json"
    index.write_text("{") if damage == "damaged" else index.unlink()
    with pytest.raises(AetuiError, match=f"list of checkpoints is {damage}"):
        CheckpointStore(tmp_path, 3)
    assert len(list(tmp_path.glob("*.pt"))) == 2


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
        index = json.loads((folder / "index.json").read_text())
        index[1]["sha256"] = checkpoints.sha256_of(path)
        (folder / "index.json").write_text(json.dumps(index))
        step, refused = newest_step(folder)
        assert step == 1
        assert "not a checkpoint" in refused[0]
        assert not sentinel.exists()


def test_the_same_moment_is_written_once(tmp_path, monkeypatch):
    store = filled(tmp_path)
    monkeypatch.setattr(checkpoints, "write_whole", None)
    assert store.save(PAYLOAD, 2, 2, None).step == 2


def test_another_format_is_refused(tmp_path):
    store = filled(tmp_path, steps=(1,))
    store.save({**PAYLOAD, "format": 99, "step": 2}, 2, 2, 0.1)
    step, refused = newest_step(tmp_path)
    assert step == 1
    assert "another format" in refused[0]
