"""SIGKILL at any moment costs at most the work since the last checkpoint."""

import json
import random
import signal
import subprocess
import sys

import pytest

AETUI = [sys.executable, "-m", "aetui"]
TRAIN = ["--set", "train.epochs=12", "--threads", "1", "--json"]
KILLS = 8


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
        command = [*AETUI, "resume", "--threads", "1", "--json"]
        (run,) = asked(broken, "runs")
        if run["state"] == "finished":
            break
        assert run["state"] == "interrupted"
    subprocess.run(command, cwd=broken, stdout=subprocess.DEVNULL, check=False)
    assert losses(broken) == losses(straight)
    assert not list(broken.rglob("*.tmp"))
