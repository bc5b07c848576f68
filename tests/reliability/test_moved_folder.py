"""A run that is moved away while it trains owns its folder, not the place where that was."""

import shutil

import pytest

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.runs import states
from aetui.runs.events import EpochFinished, StateChanged
from aetui.runs.folder import create_run
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
