"""What no command foresaw ends in a sentence and an exit code, never in a traceback."""

import resource
import shlex
import subprocess
import sys
import threading
from pathlib import Path

import platformdirs
import pytest
from pseudo_terminal import AETUI

from aetui.cli import main
from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.errors import EXIT_FAILURE, EXIT_OUT_OF_MEMORY, EXIT_USAGE
from aetui.runs.create import create_run
from aetui.runs.listing import list_runs

SWEEP = "sweep digits-mlp --vary train.seed=1,2 --runs /tmp"


def run(line: str, cwd: Path, most_bytes: int = resource.RLIM_INFINITY) -> tuple[int, str]:
    """aetui in a shell with what stands behind it; its exit code and what it said to stderr."""

    def bound() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))

    done = subprocess.run(
        f"exec {shlex.join(AETUI)} {line}", shell=True, cwd=cwd, preexec_fn=bound, timeout=60,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("line", ["presets", "presets --json", "presets show digits-conv", "runs --json"])
def test_output_onto_a_full_disk(line, tmp_path):
    said = "aetui: The output cannot be written: No space left on device\n"
    assert run(f"{line} > /dev/full", tmp_path) == (EXIT_FAILURE, said)


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&-"])
def test_without_streams(closed, tmp_path):
    assert run(f"presets {closed}", tmp_path) == (0, "")


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- >&- 2>&-"])
def test_a_run_without_streams(closed, tmp_path):
    assert run(f"train digits-mlp --threads 1 --set train.epochs=0 {closed}", tmp_path)[0] == 0
    assert list_runs(tmp_path / "runs")[0].state == "finished"


def test_no_file_has_the_number_of_a_closed_stream(tmp_path):
    """A lock that had 0 was gone once a dropped line had the streams pointed elsewhere."""
    script = "from aetui import cli; cli._fill_closed_streams(); print(open('l', 'w').fileno())"
    done = subprocess.run(
        f"{sys.executable} -c {shlex.quote(script)} <&- 2>&-",
        shell=True, cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert int(done.stdout) > 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_mistake_that_cannot_be_told_has_its_code(tmp_path):
    assert run("presets check nofile 2> /dev/full", tmp_path)[0] == EXIT_USAGE


@pytest.mark.parametrize("line", ["runs --data D", "presets check p.toml", "doctor", SWEEP])
def test_in_a_working_folder_that_is_gone(line, tmp_path):
    gone = f"mkdir gone && cd gone && rmdir ../gone && {shlex.join(AETUI)} {line} >/dev/null"
    done = subprocess.run(
        gone, shell=True, cwd=tmp_path, timeout=60, capture_output=True, text=True, check=False
    )
    assert done.returncode == EXIT_USAGE
    assert done.stderr == "aetui: The working folder is gone\naetui: go to another one\n"


def no_home(self):
    raise RuntimeError("could not determine the home directory")


@pytest.mark.parametrize("line", ["train digits-mlp", "doctor"])
@pytest.mark.parametrize("answer", [property(no_home), "~/.cache/aetui"])
def test_without_a_home_folder(line, answer, tmp_path, monkeypatch, capsys):
    """As in a container whose user has a number and no name; older libraries made a folder `~`."""
    monkeypatch.setattr(type(platformdirs.PlatformDirs()), "user_cache_dir", answer)
    monkeypatch.chdir(tmp_path)
    assert main(line.split()) == EXIT_USAGE
    said = "aetui: There is no home folder\naetui: set HOME to a folder that is yours\n"
    assert capsys.readouterr().err == said
    assert list(tmp_path.iterdir()) == []


def test_a_run_without_its_settings(tmp_path):
    folder = create_run(read_preset(find_preset("digits-mlp")), "", tmp_path / "runs", tmp_path)
    folder.config.unlink()
    code, said = run(f"resume {folder.name}", tmp_path)
    assert code == EXIT_USAGE
    assert said.endswith("put it back from a copy\n")


def test_too_little_memory_for_pytorch(tmp_path):
    code, said = run("devices", tmp_path, most_bytes=400_000_000)
    assert code in (EXIT_FAILURE, EXIT_OUT_OF_MEMORY)
    assert said.startswith("aetui: ")
    assert "Traceback" not in said


@pytest.mark.parametrize("refused", ["aetui-listener", "aetui-training"])
def test_without_another_thread(refused, tmp_path, monkeypatch, capsys):
    """As with `ulimit -u`, of which root is free."""
    start = threading.Thread.start

    def refuse(thread):
        if thread.name == refused:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert main(["train", "digits-mlp", "--runs", str(tmp_path), "--device", "cpu"]) == EXIT_FAILURE
    said = capsys.readouterr().err
    assert said.endswith(
        "aetui: No more threads can be started\naetui: end other programs, or see `ulimit -u`\n"
    )
