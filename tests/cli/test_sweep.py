"""`aetui sweep` and `aetui queue`: what is made, what is refused, what becomes of what waits."""

import json
import sys

import pytest

from aetui.cli import main
from aetui.runs import enqueue
from aetui.runs.folder import RunFolder
from aetui.runs.waiting import changed_queue, is_waiting, read_queue


@pytest.fixture
def aetui(tmp_path, monkeypatch, capsys):
    """Runs a command on `runs`, with a worker that never comes; returns code, output and what is said."""
    workers = []
    monkeypatch.setattr(enqueue, "start_worker", lambda *folders: workers.append(folders))
    monkeypatch.chdir(tmp_path)

    def run(*words: str):
        capsys.readouterr()
        code = main([*words, "--data", "data"])
        return code, *capsys.readouterr()

    run.runs, run.workers = tmp_path / "runs", workers
    return run


def names(aetui) -> list[str]:
    return read_queue(aetui.runs).waiting


def test_a_run_for_every_combination(aetui):
    words = ("--vary", "latent=2,8", "--vary", "seed=0,1", "--set", "train.epochs=3", "--threads", "1")
    code, out, _ = aetui("sweep", "digits-mlp", *words, "--at-once", "2", "--json")
    told = json.loads(out)
    assert code == 0
    assert [one["changes"] for one in told][:2] == [["latent=2", "seed=0"], ["latent=2", "seed=1"]]
    assert names(aetui) == [one["run"] for one in told]
    assert read_queue(aetui.runs).at_once == 2
    assert len(aetui.workers) == 1
    metas = [RunFolder(aetui.runs / name).read_meta() for name in names(aetui)]
    assert {(meta.state, meta.epochs_planned, meta.threads) for meta in metas} == {("waiting", 3, 1)}
    assert [meta.seed for meta in metas] == [0, 1, 0, 1]
    assert metas[3].changes == ["train.epochs=3", "latent=8", "seed=1"]
    _, out, _ = aetui("runs", "--json")
    assert {one["state"] for one in json.loads(out)} == {"waiting"}


def test_nothing_is_made_of_a_grid_with_an_impossible_member(aetui):
    code, _, said = aetui("sweep", "digits-mlp", "--vary", "train.batch_size=8,-4")
    assert code == 2
    assert "train.batch_size" in said
    assert "this is of train.batch_size=-4; nothing was started" in said
    assert not aetui.runs.exists()


def test_many_runs_are_asked_for_again(aetui, monkeypatch):
    seeds = ",".join(map(str, range(51)))
    code, _, said = aetui("sweep", "digits-mlp", "--vary", f"seed={seeds}")
    assert (code, aetui.runs.exists()) == (2, False)
    assert "This makes 51 runs" in said

    class Keyboard:
        def isatty(self) -> bool:
            return True

        def readline(self) -> str:
            return answers.pop()

    answers = ["yes\n", "no\n"]
    monkeypatch.setattr(sys, "stdin", Keyboard())
    code, _, said = aetui("sweep", "digits-mlp", "--vary", f"seed={seeds}")
    assert (code, aetui.runs.exists()) == (2, False)
    code, out, said = aetui("sweep", "digits-mlp", "--vary", f"seed={seeds}")
    assert (code, len(names(aetui))) == (0, 51)
    assert "… and 31 more" in out
    assert "51 runs in the queue" in said


def test_the_queue_is_reordered_paused_and_emptied(aetui):
    aetui("sweep", "digits-mlp", "--vary", "seed=0,1,2")
    first, second, third = names(aetui)
    aetui("queue", "first", third)
    assert names(aetui) == [third, first, second]
    aetui("queue", "last", third[-4:])
    assert names(aetui) == [first, second, third]
    aetui("queue", "remove", second)
    assert names(aetui) == [first, third]
    code, out, said = aetui("queue", "pause")
    assert code == 0
    assert [line.split()[:2] for line in out.splitlines()[1:]] == [["1", first], ["2", third]]
    assert "The queue is paused" in said
    aetui("queue", "add", second)
    assert names(aetui) == [first, third, second]
    aetui("queue", "clear")
    assert names(aetui) == []
    workers = len(aetui.workers)
    assert "Nobody works" not in aetui("queue", "resume")[2], "the worker needs a moment to be there"
    assert len(aetui.workers) == workers, "nothing waits"
    aetui("queue", "add", first)
    assert len(aetui.workers) == workers + 1
    _, out, _ = aetui("queue", "--json")
    assert json.loads(out) == {"at_work": [], "waiting": [first], "paused": False, "at_once": 1}


def test_what_cannot_wait_is_refused(aetui):
    aetui("sweep", "digits-mlp", "--vary", "seed=0,1")
    (name, _), folder = names(aetui), RunFolder(aetui.runs / names(aetui)[0])
    folder.change_meta(state="finished")
    code, _, said = aetui("queue", "first", name)
    assert code == 2
    assert f"{name} is finished; only runs that were never begun wait" in said
    assert aetui("queue", "first")[0] == 2
    assert aetui("queue", "pause", name)[0] == 2
    (aetui.runs / "queue.json").write_text("{")
    code, _, said = aetui("queue")
    assert code == 1
    assert "queue.json is damaged" in said


def test_waiting_for_the_queue_ends_when_nothing_waits(aetui, monkeypatch):
    monkeypatch.setattr("aetui.cli.queue.WORKER_SECONDS", 0.0)
    assert aetui("queue", "wait")[0] == 0
    aetui("sweep", "digits-mlp", "--vary", "seed=0,1")
    code, _, said = aetui("queue", "wait")
    assert (code, "Nobody works the queue off" in said) == (1, True)
    with changed_queue(aetui.runs) as queue:
        queue.waiting, queue.started = [], ["gone"]
    assert aetui("queue", "wait")[0] == 0


def test_waiting_right_behind_a_sweep_waits_for_its_worker(aetui, monkeypatch):
    aetui("sweep", "digits-mlp", "--vary", "seed=0,1")
    looks = []

    def is_worked_off(runs_dir):
        """By a worker that is there at the second look, and done at the third."""
        looks.append(runs_dir)
        if len(looks) == 2:
            with changed_queue(runs_dir) as queue:
                queue.waiting = []
        return len(looks) > 1

    monkeypatch.setattr("aetui.runs.waiting.is_worked_off", is_worked_off)
    monkeypatch.setattr("aetui.cli.queue.WAIT_SECONDS", 0.0)
    code, _, said = aetui("queue", "wait")
    assert (code, len(looks)) == (0, 2), said


def test_a_run_that_lies_elsewhere_is_not_trained_there(aetui, tmp_path):
    aetui("sweep", "digits-mlp", "--vary", "seed=0,1")
    name = names(aetui)[0]
    (aetui.runs / name).rename(tmp_path / name)
    (aetui.runs / name).symlink_to(tmp_path / name)
    assert not is_waiting(RunFolder(aetui.runs / name))
    _, out, _ = aetui("queue", "--json")
    assert json.loads(out)["waiting"] == names(aetui)[1:]


def test_what_was_made_waits_also_where_a_sweep_is_interrupted(aetui, monkeypatch):
    make = enqueue.create_run

    def interrupted(*given, **more):
        if len(list(aetui.runs.glob("2*"))) == 23:
            raise KeyboardInterrupt
        return make(*given, **more)

    monkeypatch.setattr(enqueue, "create_run", interrupted)
    code, _, _ = aetui("sweep", "digits-mlp", "--vary", f"seed={','.join(map(str, range(40)))}")
    assert code == 130
    assert sorted(names(aetui)) == sorted(path.name for path in aetui.runs.glob("2*"))
    assert len(names(aetui)) == 23


def test_a_full_queue_takes_no_more(aetui):
    aetui("sweep", "digits-mlp", "--vary", "seed=0,1")
    with changed_queue(aetui.runs) as queue:
        queue.waiting = [f"run{number}" for number in range(19_999)]
    code, _, said = aetui("sweep", "digits-mlp", "--vary", "seed=0,1")
    assert (code, "19,999 runs wait already" in said) == (2, True)
    assert len(list(aetui.runs.glob("2*"))) == 2


def test_looking_writes_nothing(aetui):
    aetui("sweep", "digits-mlp", "--vary", "seed=0,1")
    (aetui.runs / "worker.lock").unlink()
    before = sorted(path.name for path in aetui.runs.iterdir())
    _, _, said = aetui("queue")
    assert "Nobody works the queue off" in said
    assert sorted(path.name for path in aetui.runs.iterdir()) == before
