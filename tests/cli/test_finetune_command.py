"""`aetui finetune`: two runs that differ in their encoder alone, compared; and what is refused."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from statistics import mean, stdev

import numpy as np
import pytest
from PIL import Image

from aetui.cli.comparison import print_comparison
from aetui.config.reading import read_preset
from aetui.errors import AetuiError
from aetui.runs.folder import RunFolder

AETUI = [sys.executable, "-m", "aetui"]
PRESET = """# Grey squares.
[data]
name = "folder"
path = "{images}"
size = "3x8x8"
[model]
kind = "mae"
encoder = ["conv 4 k2 s2", "relu"]
decoder = "mirror"
[mask]
ratio = 0.5
patch = 2
[augment]
flip = true
[train]
epochs = 2
batch_size = 16
learning_rate = 1e-2
"""


def run(*arguments: str, cwd: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*AETUI, *arguments], cwd=cwd, capture_output=True, text=True, timeout=100, stdin=subprocess.DEVNULL
    )
    assert done.returncode == code, done.stderr
    return done


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A folder with one finished run of a masked autoencoder on 60 images in two classes."""
    folder = tmp_path_factory.mktemp("finetune")
    generator = np.random.default_rng(0)
    for label, level in (("dark", 60), ("light", 190)):
        (folder / "images" / label).mkdir(parents=True)
        for number in range(30):
            pixels = generator.integers(level - 40, level + 40, (8, 8, 3)).astype("uint8")
            Image.fromarray(pixels).save(folder / "images" / label / f"{number}.png")
    (folder / "grey.toml").write_text(PRESET.format(images=folder / "images"))
    arguments = ("grey.toml", "--threads", "1", "--data", "cache", "--seed", "3", "--device", "cpu")
    run("train", *arguments, cwd=folder)
    return folder


def folders(cwd: Path, runs: str) -> dict[str, Path]:
    found = [path.parent for path in (cwd / runs).glob("*/meta.json")]
    return {json.loads((path / "meta.json").read_text())["preset"]: path for path in found}


def test_both_are_trained_and_compared(trained):
    arguments = ("--runs", "compared", "--epochs", "3", "--set", "train.learning_rate=0.003", "--json")
    source = str(folders(trained, "runs")["grey"])
    printed = json.loads(run("finetune", source, *arguments, cwd=trained).stdout)
    made = folders(trained, "compared")
    assert made.keys() == {"grey-finetune", "grey-scratch"}
    for kind in ("finetune", "scratch"):
        shown = json.loads(
            run("show", printed[kind]["run"], "--runs", "compared", "--json", cwd=trained).stdout
        )
        assert shown["state"] == "finished"
        assert [epoch["epoch"] for epoch in shown["epochs"]] == [0, 1, 2, 3]
        assert shown["tested_on"] == "validation"
        assert shown["best_tested"]["accuracy"] == printed[kind]["test_accuracy"]
    assert printed["difference"] == printed["finetune"]["test_accuracy"] - printed["scratch"]["test_accuracy"]

    tuned, scratch = (read_preset(made[f"grey-{kind}"] / "config.toml") for kind in ("finetune", "scratch"))
    assert Path(tuned.finetune.from_checkpoint).parent == Path(source) / "checkpoints"
    assert scratch.finetune.from_checkpoint == ""
    assert scratch.model_copy(update={"name": tuned.name, "finetune": tuned.finetune}) == tuned
    assert (tuned.finetune.label_smoothing, tuned.finetune.layer_decay) == (0.1, 1.0), "it has no blocks"
    assert (tuned.train.seed, tuned.train.batch_size, tuned.train.warmup_epochs) == (3, 16, 1)
    assert (tuned.train.peak_learning_rate, tuned.train.schedule, tuned.augment.flip) == (
        0.003,
        "cosine",
        True,
    )
    metas = [json.loads((path / "meta.json").read_text()) for path in made.values()]
    assert {(meta["threads"], meta["device"]) for meta in metas} == {(1, "cpu")}
    assert "validation accuracy" in run("show", "scratch", "--runs", "compared", cwd=trained).stdout
    printed = run("export", "scratch", "--runs", "compared", "--to", "pictures", cwd=trained, code=1).stderr
    assert "reconstructs nothing" in printed


def test_the_second_run_equals_one_in_a_process_of_its_own(trained):
    run("finetune", "grey", "--runs", "runs", "--epochs", "2", cwd=trained)
    scratch = folders(trained, "runs")["grey-scratch"]
    run(
        "train", f"{scratch}/config.toml", "--runs", "again", "--data", "cache", "--threads", "1", cwd=trained
    )
    (again,) = folders(trained, "again").values()
    losses = [json.loads((path / "meta.json").read_text())["test_loss"] for path in (scratch, again)]
    assert losses[0] == losses[1]
    printed = run("finetune", scratch.name, cwd=trained, code=2).stderr
    assert "is no masked autoencoder: its model.kind is classifier" in printed


def test_the_source_is_not_trained_meanwhile(trained):
    """It would delete the checkpoint that the next classifier begins with."""
    source = str(folders(trained, "runs")["grey"])
    command = [*AETUI, "finetune", source, "--runs", "held", "--epochs", "100000"]
    with subprocess.Popen(command, cwd=trained, stderr=subprocess.PIPE, text=True) as process:
        next(line for line in process.stderr if line.startswith("epoch 1"))
        refused = run("resume", source, "--set", "train.epochs=9", cwd=trained, code=1).stderr
        os.kill(process.pid, signal.SIGINT)
        process.stderr.read()
    assert "Another process is at work on" in refused


def test_a_run_that_cannot_be_compared_with_its_twin(trained):
    run(
        "finetune",
        str(folders(trained, "runs")["grey"]),
        "--epochs",
        "1",
        "--set",
        "train.seed=9",
        cwd=trained,
    )
    made = {path: read_preset(path.parent / "config.toml") for path in trained.glob("runs/*/events.jsonl")}
    tuned, scratch = (
        next(path for path, preset in made.items() if (preset.name, preset.train.seed) == (f"grey-{kind}", 9))
        for kind in ("finetune", "scratch")
    )
    scratch.unlink()
    scratch.symlink_to(tuned)
    resumed = run("resume", tuned.parent.name, "--set", "train.epochs=2", cwd=trained)
    assert "difference" not in resumed.stdout
    with pytest.raises(AetuiError, match="cannot be compared"):
        print_comparison([{"scratch": RunFolder(scratch.parent)}], as_json=False)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--seed", "4294967295", "--seeds", "2"), "train.seed"),
        (("--seeds", "2000000000"), "2000000000 is more than 1000"),
    ],
)
def test_seeds_that_cannot_be_are_refused_before_anything_is_trained(trained, arguments, said):
    done = run(
        "finetune",
        str(folders(trained, "runs")["grey"]),
        *arguments,
        "--set",
        "train.epochs=7",
        cwd=trained,
        code=2,
    )
    assert said in done.stderr
    assert not [path for path in trained.glob("runs/*/config.toml") if read_preset(path).train.epochs == 7]


def test_a_killed_source_is_tuned_from_its_whole_checkpoint(trained, tmp_path):
    source = tmp_path / "killed"
    shutil.copytree(folders(trained, "runs")["grey"], source)
    meta = json.loads((source / "meta.json").read_text())
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    (source / "meta.json").write_text(json.dumps(meta | {"state": "running", "pid": ended.pid}))
    run("finetune", str(source), "--epochs", "1", "--no-twin", cwd=tmp_path)


def test_labels_that_were_changed_are_not_gone_on_with(trained, tmp_path):
    """The images stay the same, in the same order."""
    shutil.copytree(trained / "images", tmp_path / "images")
    shutil.copytree(folders(trained, "runs")["grey"], tmp_path / "source")
    config = tmp_path / "source" / "config.toml"
    config.write_text(config.read_text().replace(str(trained / "images"), str(tmp_path / "images")))
    run("finetune", "source", "--epochs", "1", "--no-twin", cwd=tmp_path)
    (tmp_path / "images" / "light" / "0.png").rename(tmp_path / "images" / "dark" / "z.png")
    refused = run("resume", "--set", "train.epochs=2", cwd=tmp_path, code=1).stderr
    assert " labels was " in refused
    assert "images was" not in refused


def test_a_stop_ends_the_sequence(trained):
    source = str(folders(trained, "runs")["grey"])
    command = [*AETUI, "finetune", source, "--runs", "cut", "--epochs", "100000"]
    with subprocess.Popen(command, cwd=trained, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if line.startswith("epoch 2"):
                os.kill(process.pid, signal.SIGINT)
                break
        rest = process.stderr.read()
    assert process.returncode == 128 + signal.SIGINT
    made = folders(trained, "cut")
    commands = [
        f"`aetui resume {Path('cut') / made[name].name}`" for name in ("grey-finetune", "grey-scratch")
    ]
    assert f"not compared yet: go on with {commands[0]}, then {commands[1]}\n" in rest
    for folder in made.values():
        assert json.loads((folder / "meta.json").read_text())["state"] == "stopped"
    printed = [
        run("resume", f"cut/{made[name].name}", "--set", "train.epochs=3", cwd=trained).stdout.split()
        for name in ("grey-finetune", "grey-scratch")
    ]
    assert printed[0] == []
    for name in made.values():
        assert name.name in printed[1]
    assert " ".join(printed[1]).endswith(
        "after 3 epochs each, which says how fast each starts, not how far it would come"
    )


def test_the_twin_can_be_left_out(trained):
    source = str(folders(trained, "runs")["grey"])
    arguments = ("--runs", "alone", "--epochs", "2", "--no-twin", "--json")
    printed = json.loads(run("finetune", source, *arguments, cwd=trained).stdout)
    made = folders(trained, "alone")
    assert made.keys() == {"grey-finetune"}
    assert printed.keys() == {"finetune"}
    assert printed["finetune"]["run"] == made["grey-finetune"].name


def test_several_seeds_are_told_with_their_spread(trained):
    """And a twin that is trained longer is not called as fast."""
    source = str(folders(trained, "runs")["grey"])
    arguments = ("--runs", "seeds", "--epochs", "1", "--twin-epochs", "2", "--seeds", "2", "--seed", "7")
    told = run("finetune", source, *arguments, cwd=trained).stdout
    listed = json.loads(run("runs", "--runs", "seeds", "--json", cwd=trained).stdout)
    accuracies = {"finetune": [], "scratch": []}
    seeds = []
    for one in reversed(listed):
        shown = json.loads(run("show", one["run"], "--runs", "seeds", "--json", cwd=trained).stdout)
        kind = one["preset"].removeprefix("grey-")
        accuracies[kind].append(shown["best_tested"]["accuracy"])
        seeds.append((kind, shown["seed"], shown["epochs_planned"]))
    assert sorted(seeds) == [("finetune", 7, 1), ("finetune", 8, 1), ("scratch", 7, 2), ("scratch", 8, 2)]
    for values in accuracies.values():
        spread = f"mean {mean(values):.1%}, standard deviation {100 * stdev(values):.1f} points, of 2 seeds"
        assert spread in told
    assert told.endswith("points of test accuracy after 1 epoch, from scratch 2 epochs\n")
    assert "± " in told


def test_until_flat_both_end_when_they_get_no_better(trained):
    source = str(folders(trained, "runs")["grey"])
    arguments = ("--runs", "flat", "--until-flat", "--set", "train.patience=2", "--json")
    run("finetune", source, *arguments, cwd=trained)
    for folder in folders(trained, "flat").values():
        meta = json.loads((folder / "meta.json").read_text())
        assert (meta["state"], meta["reason"]) == ("finished", "no better for 2 epochs")
        assert meta["epochs"] < meta["epochs_planned"] == 1000


def test_runs_that_cannot_be_tuned_are_refused(trained, tmp_path):
    source = folders(trained, "runs")["grey"]
    bare = tmp_path / "runs" / "bare"
    (bare / "checkpoints").mkdir(parents=True)
    for name in ("meta.json", "config.toml"):
        (bare / name).write_bytes((source / name).read_bytes())
    assert "has no good checkpoint" in run("finetune", str(bare), cwd=trained, code=2).stderr
    meta = json.loads((source / "meta.json").read_text())
    alive = {"state": "running", "pid": os.getpid(), "pid_started": None, "host": "elsewhere"}
    (bare / "meta.json").write_text(json.dumps({**meta, **alive}))
    (bare / "events.jsonl").touch()
    assert "bare is running" in run("finetune", str(bare), cwd=trained, code=2).stderr
    printed = run("finetune", str(source), "--set", "train.epochs=-1", cwd=trained, code=2).stderr
    assert "train.epochs: expected greater than or equal to 0" in printed
