"""Commands as other programs use them: JSON on stdout, talk on stderr, exit codes."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

AETUI = [sys.executable, "-m", "aetui"]


def run(*arguments: str, cwd: Path, **settings) -> subprocess.CompletedProcess[str]:
    settings.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run(
        [*AETUI, *arguments], cwd=cwd, capture_output=True, text=True, timeout=100, **settings
    )


def train(cwd: Path, *arguments: str, code: int = 0) -> list[dict]:
    done = run("train", *arguments, "--json", "--threads", "1", cwd=cwd)
    assert done.returncode == code, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def only_run(cwd: Path) -> Path:
    (folder,) = (cwd / "runs").iterdir()
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A folder with one finished run of two epochs."""
    folder = tmp_path_factory.mktemp("trained")
    train(folder, "digits-mlp", "--set", "train.epochs=2", "--seed", "7")
    return folder


def test_runs_and_show_hold_what_the_contract_says(trained):
    (listed,) = json.loads(run("runs", "--json", cwd=trained).stdout)
    assert listed.keys() >= {"run", "preset", "state", "started", "epochs", "test_loss"}
    assert (listed["preset"], listed["state"], listed["epochs"]) == ("digits-mlp", "finished", 2)

    shown = json.loads(run("show", listed["run"][-4:], "--json", cwd=trained).stdout)
    assert shown.keys() >= {
        *("run", "preset", "state", "device", "parameters", "epochs", "checkpoints", "resumed_from")
    }
    assert [epoch["epoch"] for epoch in shown["epochs"]] == [0, 1, 2]
    assert shown["epochs"][0]["train_loss"] is None
    assert shown["epochs"][2]["test_loss"] == listed["test_loss"] < shown["epochs"][0]["test_loss"]
    assert all(epoch["seconds"] > 0 and epoch["images_per_second"] > 0 for epoch in shown["epochs"][1:])
    for saved in shown["checkpoints"]:
        assert saved.keys() >= {"epoch", "step", "file", "sha256"}
    assert shown["parameters"] == 219_891
    assert shown["resumed_from"] is None
    printed = run("show", cwd=trained).stdout
    assert "test loss" in printed
    assert printed.count(" best") == 1


def test_an_app_without_a_terminal_changes_nothing(trained):
    files = [only_run(trained) / name for name in ("config.toml", "meta.json")]
    before = [path.read_bytes() for path in files]
    refused = run("resume", "--app", "--set", "train.epochs=77", "--threads", "2", cwd=trained)
    assert refused.returncode == 2
    assert "The app needs a terminal to draw on" in refused.stderr
    assert [path.read_bytes() for path in files] == before


def test_the_written_config_repeats_the_run(trained):
    (listed,) = json.loads(run("runs", "--json", cwd=trained).stdout)
    events = train(trained, f"runs/{listed['run']}/config.toml", "--runs", "again")
    losses = [event["test_loss"] for event in events if event["event"] == "EpochFinished"]
    assert losses[-1] == listed["test_loss"]
    meta = json.loads(next((trained / "again").glob("*/meta.json")).read_text())
    assert (meta["seed"], meta["preset"]) == (7, "digits-mlp")


def test_a_stopped_run_is_resumed_and_a_finished_one_is_not(tmp_path):
    command = [*AETUI, "train", "digits-mlp", "--set", "train.epochs=40", "--threads", "1", "--json"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "EpochFinished" and event["epoch"] == 2:
                process.send_signal(signal.SIGINT)
                process.send_signal(signal.SIGINT)  # as `timeout` sends its own: one stop, not two
        assert process.wait() == 128 + signal.SIGINT
    (listed,) = json.loads(run("runs", "--json", cwd=tmp_path).stdout)
    assert listed["state"] == "stopped"

    refused = run("resume", "--set", "train.batch_size=32", cwd=tmp_path)
    assert refused.returncode == 2
    assert "Only train.epochs, train.patience, train.learning_rate" in refused.stderr
    assert run("resume", "--seed", "3", cwd=tmp_path).returncode == 2
    settings = ("--set", "train.epochs=4", "--set", "train.learning_rate=1e-4", "--threads", "1")
    assert run("resume", *settings, cwd=tmp_path).returncode == 0
    (config,) = tmp_path.glob("runs/*/config.toml")
    assert "learning_rate = 0.0001" in config.read_text()
    shown = json.loads(run("show", "--json", cwd=tmp_path).stdout)
    assert shown["state"] == "finished"
    assert shown["resumed_from"].endswith(".pt")
    assert [epoch["epoch"] for epoch in shown["epochs"]] == [0, 1, 2, 3, 4]
    again = run("resume", cwd=tmp_path)
    assert again.returncode == 2
    assert "is finished" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["train", "mnist-con"], 2, "did you mean mnist-conv?"),
        (["train", "digits-mlp", "--set", "train.epochs=-1"], 2, "--set train.epochs=-1: train.epochs"),
        (["train", "digits-mlp", "--device", "cuda:99"], 2, "there is "),
        (["train", "digits-mlp", "--data", b"d-\xfe"], 2, "is not UTF-8"),
        (["train", "digits-mlp", "--runs", "/dev/null/x"], 1, "--runs DIR"),
        (["train", "folder-conv", "--set", "data.path=none"], 2, "none"),
        (["show"], 2, "There are no runs"),
        (["show", "--json", "x"], 2, "There are no runs"),
        (["resume"], 2, "There are no runs"),
        (["resume", "--repair", "~nobodyxyz"], 2, "There is no home folder for ~nobodyxyz"),
        (["resume", "--repair", "a" * 300], 2, "There are no runs"),
        (["train", "~nobodyxyz/p.toml"], 2, "There is no home folder for ~nobodyxyz/p.toml"),
        (["data", "get", "nothing"], 2, "mnist"),
        (["presets", "check", "none.toml"], 2, "none.toml: cannot be read"),
        (["--set", "train.epochs=2"], 2, "aetui train digits-mlp"),
        (["train"], 2, "usage"),
        ([], 2, "aetui train digits-mlp"),
        (["watch"], 2, "There are no runs"),
        (["train", "digits-mlp", "--threads", "0"], 2, "not at least 1"),
        (["train", "digits-mlp", "--threads", "100001"], 2, "more than 100,000"),
        (["--set", "train.epoch=2", "train", "digits-mlp"], 2, "--set train.epoch=2"),
        (["show", "~nobody-is-called-so"], 2, "There are no runs"),
        (["show", "x" * 4096], 2, "There are no runs"),
    ],
)
def test_mistakes_are_one_sentence_and_a_code(tmp_path, arguments, code, words):
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("term", "stderr", "what"),
    [("dumb", None, "TERM is dumb"), ("xterm", subprocess.PIPE, "standard error is no terminal")],
)
def test_a_terminal_that_cannot_show_the_app_gets_the_headless_command(tmp_path, term, stderr, what):
    import pty

    main_end, side_end = pty.openpty()
    streams = {"stdin": side_end, "stdout": side_end, "stderr": stderr or side_end}
    environment = {**os.environ, "TERM": term}
    command = [*AETUI, "--preset", "mnist-mlp"]
    done = subprocess.run(command, cwd=tmp_path, text=True, timeout=60, env=environment, **streams)
    said = done.stderr or os.read(main_end, 4096).decode()
    os.close(main_end)
    os.close(side_end)
    assert done.returncode == 2
    assert what in said
    assert "aetui train mnist-mlp" in said


def test_a_closed_standard_input_gets_the_headless_command(tmp_path):
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m aetui <&-"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert "aetui train digits-mlp" in done.stderr


def test_data_out_of_reach_says_what_to_do_and_leaves_nothing(tmp_path):
    """Nothing but this machine can be reached: every https host is refused by a proxy that is not there."""
    done = run(
        *("train", "mnist-mlp", "--data", "data"), cwd=tmp_path,
        env={**os.environ, "HTTPS_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9"},
    )  # fmt: skip
    assert done.returncode == 1
    for words in ("MNIST", "ossci-datasets.s3.amazonaws.com", "by hand", "--set data.name=digits"):
        assert words in done.stderr
    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file() and path.stat().st_size]
    shown = json.loads(run("show", "--json", cwd=tmp_path).stdout)
    assert shown["state"] == "failed"
    assert "by hand" in shown["reason"]


def test_names_with_control_characters_are_harmless_on_the_command_line(tmp_path):
    (tmp_path / "a.toml").write_text(
        'name = "\\u001b[31m[/x]"\n'
        + Path(__file__).parents[2].joinpath("presets/digits-mlp.toml").read_text()
    )
    assert run("train", "a.toml", "--set", "train.epochs=1", cwd=tmp_path).returncode == 0
    for verb in ("runs", "show"):
        done = run(verb, cwd=tmp_path)
        assert "␛[31m[/x]" in done.stdout
        assert "\x1b" not in done.stdout
    assert "\x1b" not in run("presets", "check", "\x1b[31m.toml", cwd=tmp_path).stderr


def test_a_reader_that_leaves_is_no_traceback(tmp_path):
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m aetui presets | true"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_real_mnist_from_the_command_line(tmp_path, real_data):
    events = train(tmp_path, "mnist-mlp", "--data", str(real_data), "--set", "train.epochs=1")
    (started,) = [event for event in events if event["event"] == "RunStarted"]
    assert (started["train_images"], started["test_images"]) == (60_000, 10_000)
    losses = [event["test_loss"] for event in events if event["event"] == "EpochFinished"]
    assert losses[0] > 0.2
    assert losses[1] < 0.0675, "worse than the mean image"


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", ["0", "1", "2"])
@pytest.mark.parametrize(("preset", "epochs", "bound"), [("mnist-mlp", 10, 0.036), ("mnist-conv", 2, 0.0055)])
def test_the_figures_of_the_readme(tmp_path, real_data, preset, epochs, bound, seed):
    command = [
        *AETUI,
        "train",
        preset,
        "--data",
        str(real_data),
        "--seed",
        seed,
        "--set",
        f"train.epochs={epochs}",
    ]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=800, stderr=subprocess.DEVNULL)
    (listed,) = json.loads(run("runs", "--json", cwd=tmp_path).stdout)
    assert 0.5 * bound < listed["test_loss"] <= bound


def test_a_path_that_no_run_can_note_is_refused(tmp_path):
    folder = tmp_path / os.fsdecode(b"lat\xdcn")
    (folder / "imgs").mkdir(parents=True)
    preset = "[data]\nname = 'folder'\npath = 'imgs'\nsize = '1x8x8'\n"
    layers = "[model]\nencoder = ['conv 2 k2 s2']\ndecoder = 'mirror'\n"
    (folder / "mine.toml").write_text(preset + layers)
    done = subprocess.run([*AETUI, "train", "mine.toml"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 1
    assert "A path is not UTF-8, as a run must note it" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "runs").exists()
