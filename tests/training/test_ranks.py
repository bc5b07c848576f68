"""Several processes train one run: the same batches, the same numbers, one folder."""

from pathlib import Path

import pytest
import ranks
from live_runs import losses, newest, state, steps, wait_for_step, wait_until

from aetui.runs.control import send
from aetui.runs.events import EpochFinished
from aetui.runs.report import read_history

pytestmark = pytest.mark.timeout(300)  # processes by the dozen, each of which imports PyTorch
NUMBERS = ("train_loss", "test_loss", "test_similarity", "uncropped_train_loss")
EVERYTHING = (
    "digits-mlp",
    *("--set", "noise.std=0.2", "--set", "augment.flip=true", "--set", "augment.crop_scale=0.6"),
    *("--set", "train.accumulate=2", "--set", "train.clip_norm=0.5", "--set", "train.ema=0.9"),
    *("--set", "train.epochs=2", "--set", "train.batch_size=64"),
)
"""On 203 images every epoch ends in a batch of 11, which ranks share unevenly."""
MASKED = (
    "shapes-vit-mae",
    *("--set", "data.name=digits", "--set", "model.vit.width=24", "--set", "model.vit.depth=1"),
    *("--set", "model.vit.pixels=unit", "--set", "probe.every=1"),
    *("--set", "train.epochs=2", "--set", "train.warmup_epochs=0", "--set", "train.batch_size=50"),
)
SHARDED = (
    *MASKED,
    *("--set", "train.shard=true", "--set", "train.activation_checkpointing=true"),
    *("--set", "train.ema=0.9", "--set", "train.clip_norm=0.5", "--set", "train.accumulate=2"),
)


def numbers(epoch: EpochFinished) -> dict[str, float]:
    found = {name: getattr(epoch, name) for name in NUMBERS}
    return {name: value for name, value in found.items() if value is not None}


def epochs(runs: Path) -> list[EpochFinished]:
    return list(read_history(newest(runs))[0].epochs.values())


@pytest.mark.parametrize(
    ("count", "images", "preset"),
    [(2, 203, EVERYTHING), (3, 202, MASKED), (3, 202, SHARDED)],
    ids=["2 ranks", "3 ranks", "3 ranks, sharded"],
)
def test_ranks_train_as_one_process_does(count, images, preset, tmp_path):
    """The last batch of the second has two images, so that one of three ranks has none of its own."""
    for number in (1, count):
        code, printed = ranks.run(number, images, tmp_path / str(number), "train", *preset)
        assert code == 0, printed
    alone, together = epochs(tmp_path / "1"), epochs(tmp_path / str(count))
    assert len(together) == len(alone) == 3
    for one, other in zip(alone, together, strict=True):
        assert numbers(other) == pytest.approx(numbers(one), rel=1e-5)
    assert together[0].test_loss == alone[0].test_loss, "before the first step nothing differs"
    accuracies = [
        [(probe.linear_accuracy, probe.knn_accuracy) for probe in read_history(newest(path))[0].probes]
        for path in (tmp_path / "1", tmp_path / str(count))
    ]
    assert accuracies[0] == accuracies[1]
    assert len(accuracies[0]) == (0 if preset is EVERYTHING else 3)


def test_shares_are_saved_and_taken_up_as_one(tmp_path):
    """Stopped within an epoch, by as many processes bit for bit; one process goes on with the same file."""
    words = ("train", *SHARDED, "--set", "train.epochs=8")
    code, printed = ranks.run(2, 202, tmp_path / "straight", *words)
    assert code == 0, printed
    process = ranks.start(2, 202, tmp_path / "stopped", *words)
    with ranks.ended(process):
        folder = wait_for_step(tmp_path / "stopped", 7, 100)
        for command in ("preview", "profile", "probe", "stop"):
            send(folder.control, command)
        process.wait(100)
    assert state(folder) == "stopped"
    assert list(folder.previews.glob("step_*.png"))
    code, printed = ranks.run(2, 202, tmp_path / "stopped", "resume")
    assert code == 0, printed
    assert "bit for bit" not in printed
    assert losses(folder) == losses(newest(tmp_path / "straight"))
    one_more = ("--set", "train.epochs=9", "--processes", "1")
    code, printed = ranks.run(1, 202, tmp_path / "stopped", "resume", *one_more)
    assert code == 0, printed
    assert "not bit for bit as a straight run: processes was 2, is 1, shard was on, is off" in printed
    assert "train.shard shares nothing out: one process trains" in printed


def test_commands_reach_all_ranks_at_the_same_step(tmp_path):
    """Told between two steps and then repeated by its config.toml alone, by one process: the same losses."""
    words = ("train", "digits-mlp", "--set", "train.batch_size=40", "--set", "noise.std=0.1")
    process = ranks.start(2, 400, tmp_path / "told", *words, "--set", "train.epochs=1000")
    with ranks.ended(process):
        folder = wait_for_step(tmp_path / "told", 50, 100)
        send(folder.control, "pause")
        wait_until(lambda: state(folder) == "paused")
        paused_at = steps(folder)
        for command in (
            "set train.learning_rate=1e-4",
            "set noise.std=0.4",
            "choose-threads",
            "profile",
            "probe",
        ):
            send(folder.control, command)
        wait_until(lambda: bool(read_history(folder)[0].probes), 60)
        assert steps(folder) == paused_at
        epoch = read_history(folder)[0].newest.epoch
        send(folder.control, f"set train.epochs={epoch + 4}")
        send(folder.control, "resume")
        process.wait(100)
    assert state(folder) == "finished"
    notes = [note.text for note in read_history(folder)[0].notes_after()]
    assert any("several processes share the cores out" in note for note in notes)
    assert any(note.startswith("warning: a step takes") for note in notes)
    assert (tmp_path / "told" / folder.name / "profile.txt").exists()
    config = str(folder.config)
    code, printed = ranks.run(1, 400, tmp_path / "again", "train", config, "--set", "train.processes=1")
    assert code == 0, printed
    assert [numbers(one) for one in epochs(tmp_path / "again")] == [
        pytest.approx(numbers(one), rel=1e-3) for one in epochs(tmp_path / "told")
    ]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("train.batch_size=1",), "train.batch_size 1 is less than the 2 processes"),
        (('model.encoder=["flatten", "linear 3", "batchnorm"]',), "batchnorm needs the whole batch"),
    ],
)
def test_what_several_processes_cannot_do_is_said(words, reason, tmp_path):
    changes = [word for change in words for word in ("--set", change)]
    code, printed = ranks.run(2, 100, tmp_path, "train", "digits-mlp", *changes)
    assert code != 0
    assert reason in printed
