"""The machine does what it should not: it stops, its clock jumps, its network and its disk are gone."""

import contextlib
import glob
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from live_runs import losses, newest, state, tool, wait_for_step, wait_until

from aetui.runs.event_log import EventFollower
from aetui.runs.events import EpochFinished, StepsTrained

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
TRAIN = ("train", "digits-mlp", "--threads", "1", "--set")
STOPPED_SECONDS = 15.0


@pytest.fixture
def straight(aetui, tmp_path):
    """What a run of so many epochs tells without any fault."""

    def train(epochs: int) -> dict:
        runs = tmp_path / "straight"
        assert aetui(*TRAIN, f"train.epochs={epochs}", "--runs", str(runs)).wait(120) == 0
        return losses(newest(runs))

    return train


def no_absurd_number(folder) -> None:
    for event, _ in EventFollower(folder.events).poll():
        if isinstance(event, StepsTrained):
            assert event.images_per_second > 0
            assert 0 <= event.seconds < 200
        if isinstance(event, EpochFinished):
            assert 0 <= event.seconds < 200
            assert 0 <= event.test_seconds < 200


def test_a_process_that_is_stopped_and_goes_on(aetui, runs, straight):
    expected = straight(30)
    process = aetui(*TRAIN, "train.epochs=30")
    folder = wait_for_step(runs, 200)
    process.send_signal(signal.SIGSTOP)
    time.sleep(STOPPED_SECONDS)
    process.send_signal(signal.SIGCONT)
    assert process.wait(120) == 0
    assert losses(folder) == expected
    no_absurd_number(folder)
    assert "no step for" not in folder.events.read_text()


DAYS = {"-1d": -1, "+365d": 365, "+0": 0}


def days_told(folder) -> int:
    """How many days the newest event of a run is away from now, by its own time."""
    *_, (_, at) = EventFollower(folder.events).poll()
    return round((at - time.time()) / 86_400)


def test_a_clock_that_jumps(aetui, runs, tmp_path, straight):
    libraries = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")  # noqa: PTH207
    if not libraries:
        tool("faketime")
    expected, clock = straight(30), tmp_path / "clock"
    clock.write_text("+0")
    fake = {
        "LD_PRELOAD": libraries[0], "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
    }  # fmt: skip
    process = aetui(*TRAIN, "train.epochs=30", env=os.environ | fake)
    folder = wait_for_step(runs, 200, 150)  # libfaketime makes the start slow
    for jump in ("-1d", "+365d", "+0"):
        clock.write_text(jump)
        wait_until(lambda jump=jump: days_told(folder) == DAYS[jump])
    assert process.wait(120) == 0
    assert losses(folder) == expected
    no_absurd_number(folder)


def test_a_machine_without_a_network(aetui, tmp_path):
    before = (tool("unshare"), "-n")
    if subprocess.run([*before, "true"], capture_output=True, check=False).returncode:
        pytest.skip("only root can take the network away")
    nowhere = ("--data", str(tmp_path / "data"), "--threads", "1")
    process = aetui("train", "mnist-conv", *nowhere, before=before)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "Traceback" not in said
    assert "--set data.name=digits" in said or "by hand" in said
    assert aetui(*TRAIN, "train.epochs=1", before=before).wait(120) == 0
    process = aetui(*TRAIN, "train.epochs=1", "--processes", "2", before=before)  # not even a loopback
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Traceback" not in said
    assert "127.0.0.1, which cannot be reached" in said


@pytest.fixture
def mounted(tmp_path):
    """Mount a file system of its own: `mounted(size, kind)` returns its folder."""
    places = []

    def mount(kind: str) -> Path:
        places.append(tmp_path / kind)
        places[-1].mkdir(exist_ok=True)
        image = tmp_path / "image"
        if kind == "ext4" and not image.exists():
            image.write_bytes(bytes(48_000_000))
            subprocess.run([tool("mkfs.ext4"), "-q", image], check=True)
        how = ("size=24m", "tmpfs") if kind == "tmpfs" else ("loop,errors=remount-ro", image)
        made = subprocess.run(
            [tool("mount"), "-t", kind, "-o", *how, places[-1]], capture_output=True, check=False
        )
        if made.returncode:
            pytest.skip(f"this machine mounts no {kind}: {made.stderr.decode().strip()}")
        return places[-1]

    yield mount
    for place in places:
        subprocess.run(["umount", "-l", place], capture_output=True, check=False)


def test_a_file_system_that_becomes_read_only(aetui, mounted, straight, tmp_path):
    """After errors of the disk nobody may write; it is mended, and the run goes on."""
    expected, place = straight(30), mounted("ext4")
    process = aetui(*TRAIN, "train.epochs=30", "--runs", str(place / "runs"))
    folder = wait_for_step(place / "runs", 800)
    subprocess.run([tool("mount"), "-o", "remount,abort", place], check=True)
    told = ""
    while "the checkpoint cannot be written" not in told or "Read-only file system" not in told:
        told = process.stderr.readline()  # a write under way is told as an error of the disk first
        assert told, "it ended without a word"
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) != 0
    subprocess.run(["umount", place], check=True)
    subprocess.run([tool("e2fsck"), "-fy", tmp_path / "image"], capture_output=True, check=False)
    assert mounted("ext4") == place
    assert aetui("resume", "--runs", str(place / "runs"), "--threads", "1").wait(120) == 0
    assert losses(folder) == expected


def test_a_disk_that_is_full_until_somebody_makes_room(aetui, mounted, straight):
    expected, place = straight(30), mounted("tmpfs")
    process = aetui(*TRAIN, "train.epochs=30", "--runs", str(place / "runs"))
    folder = wait_for_step(place / "runs", 800)
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    wait_until(lambda: state(folder) == "paused", 60)
    meta = folder.read_meta()
    assert "No space left" in meta.reason
    assert str(folder.checkpoints) in meta.reason
    assert "make-room" in meta.reason
    ballast.unlink()
    assert process.wait(120) == 0
    assert losses(folder) == expected


@pytest.mark.parametrize("deed", ["deleted", "moved", "deleted piece by piece"])
def test_a_folder_that_is_gone_while_it_is_trained(aetui, runs, tmp_path, deed):
    beside = tmp_path / "precious"
    beside.write_text("mine")
    process = aetui(*TRAIN, "train.epochs=4000")
    folder = wait_for_step(runs, 200)
    if deed == "deleted piece by piece":
        shutil.rmtree(folder.checkpoints, ignore_errors=True)
        wait_until(lambda: folder.checkpoints.is_dir())
    folder.path.rename(tmp_path / "moved")
    if deed != "moved":
        shutil.rmtree(tmp_path / "moved")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Traceback" not in said
    assert str(folder.path) in said or folder.name in said
    assert beside.read_text() == "mine"


def test_a_folder_that_is_gone_while_it_is_watched(aetui, open_terminal, runs):
    process = aetui(*TRAIN, "train.epochs=4000")
    folder = wait_for_step(runs, 200)
    terminal = open_terminal("watch")
    terminal.wait_for("images/s")
    folder.path.rename(folder.path.with_name("elsewhere"))
    terminal.wait_for("folder is gone")
    terminal.press("\x1b")
    terminal.wait_for("Presets")
    process.kill()
    terminal.press("q")
    assert terminal.wait_for_exit() == 0


def test_json_lines_are_whole_whatever_happens(aetui, runs):
    process = aetui(*TRAIN, "train.epochs=4000", "--json")
    wait_for_step(runs, 200)
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert {json.loads(line)["event"] for line in out.splitlines()} > {"RunStarted", "EpochFinished"}
