"""SIGKILL at any moment costs at most the work since the last checkpoint."""

import json
import os
import random
import signal
import subprocess
import sys

import pytest
from dying import CALLS, Undertaker, undertaker

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.runs.create import create_run
from aetui.runs.event_log import EventFollower
from aetui.runs.folder import RunFolder
from aetui.runs.liveness import find_state
from aetui.runs.report import read_history

AETUI = [sys.executable, "-m", "aetui"]
TRAIN = ["--set", "train.epochs=12", "--threads", "1", "--json"]
KILLS = 8
SHORT = ["train.epochs=3", "train.keep_checkpoints=1"]


def make(runs_dir) -> RunFolder:
    return create_run(read_preset(find_preset("digits-mlp"), SHORT), "", runs_dir, runs_dir, "cpu", threads=1)


def told(folder: RunFolder) -> dict[int, tuple[float | None, float]]:
    return {n: (e.train_loss, e.test_loss) for n, e in read_history(folder)[0].epochs.items()}


def kill_again_and_again(end: Undertaker, runs_dir, kills: int, seed: int) -> None:
    """Runs killed in a step, a save or a repair, until each has finished equal to a straight one."""
    straight, chance = make(runs_dir), random.Random(seed)
    assert end.train_until_death(straight.path, "step", 10**9, before=True) == 0
    expected = told(straight)
    folder = make(runs_dir)
    while kills > 0:
        what, number = chance.choice(("step", *CALLS)), chance.randrange(1, 30)
        if chance.random() < 0.3:
            damage(folder, chance)
        damaged = not (folder.checkpoints / "index.json").exists()  # or a repair was killed
        code = end.train_until_death(
            folder.path, what, number, before=chance.random() < 0.5, repair=damaged or chance.random() < 0.1
        )
        if code == -signal.SIGKILL:
            kills -= 1
            meta = folder.read_meta()
            assert meta.pid is None or find_state(folder, meta) in ("interrupted", "finished")
            continue
        assert code == 0
        assert told(folder) == expected
        assert EventFollower(folder.events).damaged == 0
        assert not list(folder.path.rglob("*.tmp"))
        folder = make(runs_dir)


def damage(folder: RunFolder, chance: random.Random) -> None:
    """Lose the list of checkpoints, and the end of the newest of several."""
    (folder.checkpoints / "index.json").unlink(missing_ok=True)
    *older, newest = sorted(folder.checkpoints.glob("*.pt")) or [None]
    if older and chance.random() < 0.5:
        os.truncate(newest, newest.stat().st_size // 2)


@pytest.mark.timeout(300)
def test_killed_runs_equal_a_straight_one(tmp_path, record_property):
    with undertaker() as end:
        kill_again_and_again(end, tmp_path, 20, seed=0)
    record_property("kills survived", 20)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_many_killed_runs_equal_a_straight_one(tmp_path, record_property):
    with undertaker() as end:
        kill_again_and_again(end, tmp_path, 200, seed=1)
    record_property("kills survived", 200)


def asked(folder, *arguments: str):
    """What a command prints as JSON."""
    done = subprocess.run(
        [*AETUI, *arguments, "--json"], cwd=folder, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def losses(folder) -> dict[int, tuple[float, float]]:
    return {e["epoch"]: (e["train_loss"], e["test_loss"]) for e in asked(folder, "show")["epochs"]}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_run_killed_again_and_again_equals_a_straight_one(tmp_path):
    """Killed after a random number of lines of its log, and resumed; the figures are the same bit for bit."""
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    straight.mkdir()
    broken.mkdir()
    command = [*AETUI, "train", "digits-mlp", *TRAIN]
    subprocess.run(command, cwd=straight, stdout=subprocess.DEVNULL, check=True)
    chance = random.Random(0)
    kills = 0
    while kills < KILLS:
        with subprocess.Popen(command, cwd=broken, stdout=subprocess.PIPE) as process:
            for _ in range(chance.randrange(1, 25)):
                process.stdout.readline()
            process.send_signal(signal.SIGKILL)
        kills += 1
        if kills == 1:
            (config,) = broken.glob("runs/*/config.toml")
            config.write_text(config.read_text() + "# mine\n")
        command = [*AETUI, "resume", "--threads", "1", "--json"]
        (run,) = asked(broken, "runs")
        if run["state"] == "finished":
            break
        assert run["state"] == "interrupted"
    subprocess.run(command, cwd=broken, stdout=subprocess.DEVNULL, check=False)
    assert losses(broken) == losses(straight)
    assert config.read_text().endswith("# mine\n")  # nothing was changed, so nothing is written
    assert not list(broken.rglob("*.tmp"))
