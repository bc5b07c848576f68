"""Which run a start by torchrun takes up again, when it starts its ranks anew."""

import functools
import os
from pathlib import Path

import pytest
from torch.distributed import HashStore

from aetui.cli import main
from aetui.cli.torchrun import begun_before, code_of_end, launch_mark, note_launch, processes_by_torchrun
from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.errors import UsageError
from aetui.runs.create import create_run
from aetui.runs.folder import RunFolder
from aetui.training.ranks import meeting
from aetui.training.ranks.launching import processes_of


@pytest.fixture
def make(tmp_path):
    def made(*changes: str) -> RunFolder:
        preset = read_preset(find_preset("digits-mlp"), changes)
        return create_run(preset, "", tmp_path / "runs", tmp_path, "cpu")

    return made


@pytest.fixture
def torchrun(monkeypatch):
    def start(run_id: str = "none", restarts: int = 0, machines: int = 1) -> None:
        told = {"TORCHELASTIC_RUN_ID": run_id, "TORCHELASTIC_RESTART_COUNT": restarts}
        told |= {"RANK": 0, "LOCAL_RANK": 0, "WORLD_SIZE": 2 * machines, "LOCAL_WORLD_SIZE": 2}
        for name, value in told.items():
            monkeypatch.setenv(name, str(value))

    return start


def test_without_torchrun_there_is_nothing_to_take_up(make, tmp_path):
    note_launch(make())
    assert launch_mark() == ""
    assert begun_before(tmp_path / "runs") is None
    assert processes_by_torchrun() == []


@pytest.mark.parametrize("run_id", ["none", "job 7"])
def test_a_restart_takes_up_the_run_that_it_trained(make, torchrun, tmp_path, run_id):
    torchrun(run_id)
    mine = make()
    note_launch(mine)
    make(), make()
    assert begun_before(tmp_path / "runs") is None, "nothing was started anew"
    torchrun(run_id, restarts=1)
    assert begun_before(tmp_path / "runs").name == mine.name


def test_a_restart_for_the_sake_of_another_machine_is_one_too(make, torchrun, tmp_path, monkeypatch):
    """torchrun counts those alone that began on this machine; rank 0 has begun twice in the store of all."""
    store = HashStore()
    monkeypatch.setattr(meeting, "team_store", lambda: store)
    torchrun("job 7", machines=2)
    found = []
    for _ in range(2):
        monkeypatch.setattr(meeting, "_begun", functools.cache(meeting._begun.__wrapped__))
        found.append(begun_before(tmp_path / "runs"))
        if not found[-1]:
            note_launch(make())
    assert [bool(run) for run in found] == [False, True]


def test_other_starts_and_foreign_folders_are_not_taken_up(make, torchrun, tmp_path):
    """Without an id all starts are called alike, and whoever makes a folder may write that into it."""
    torchrun()
    foreign, earlier = make(), make()
    foreign.change_meta(launch="none", launched="2099-01-01T00:00:00.000+00:00")
    torchrun("job 7")
    earlier.change_meta(launch="job 7", launched="2020-01-01T00:00:00.000+00:00")
    for run_id in ("none", "job 7"):
        torchrun(run_id, restarts=1)
        assert begun_before(tmp_path / "runs") is None


def test_an_id_that_is_given_again_is_another_start(make, torchrun, tmp_path):
    """On one machine; on several, where each has an agent of its own, it is asked which is meant."""
    torchrun("100", machines=2)
    first, second = make(), make()
    note_launch(first)
    torchrun("100", restarts=1)
    assert begun_before(tmp_path / "runs") is None
    torchrun("100", restarts=1, machines=2)
    assert begun_before(tmp_path / "runs").name == first.name
    note_launch(second)
    with pytest.raises(UsageError, match="Several runs were started with --rdzv-id=100"):
        begun_before(tmp_path / "runs")
    second.change_meta(launched="9999-01-01T00:00:00.000+00:00")
    assert begun_before(tmp_path / "runs").name == first.name


def test_a_start_without_an_id_is_told_by_its_process(torchrun):
    torchrun()
    assert str(os.getppid()) in launch_mark()


def test_runs_that_have_ended_are_not_gone_on_with(make, torchrun):
    codes = {"finished": 0, "failed": 1, "diverged": 3, "out_of_memory": 4, "stopped": 0, "interrupted": None}
    folder = make()
    folder.change_meta(state="failed")
    torchrun()
    assert code_of_end(folder) is None, "it is begun for the first time"
    torchrun(restarts=1)
    for state, code in codes.items():
        folder.change_meta(state=state)
        assert code_of_end(folder) == code


def test_a_run_has_as_many_processes_as_one_machine_was_told(torchrun):
    torchrun()
    assert processes_by_torchrun() == ["train.processes=2"]
    torchrun(machines=4)
    assert processes_by_torchrun() == []


def test_a_foreign_preset_does_not_start_a_thousand_processes(make, torchrun):
    assert processes_of(make("train.processes=2")) == 2
    assert processes_of(make("train.processes=gpus", "train.batch_size=8")) >= 1
    with pytest.raises(UsageError, match="1,024 processes are too many for this machine"):
        processes_of(make("train.processes=1024"))
    damaged = make()
    Path(damaged.config).write_text("[train")
    assert processes_of(damaged) == 1
    torchrun()
    assert processes_of(make("train.processes=1024")) == 1, "it is one of them"


def test_what_every_rank_would_do_anew_is_refused(torchrun, capsys):
    torchrun()
    assert main(["sweep", "digits-mlp", "--vary", "seed=1,2"]) == 2
    assert "torchrun can start `aetui train` and `aetui resume`" in capsys.readouterr().err
