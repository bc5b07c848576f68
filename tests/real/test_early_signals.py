"""Several processes train one run, and a signal comes while they come together, or a second one."""

import fcntl
import signal
import subprocess
import threading
from pathlib import Path

import psutil
import pytest
import ranks
from live_runs import newest, state, steps, wait_for_step, wait_until
from ranks import grey_images, ranks_of, start_ours

from aetui.runs.event_log import EventFollower
from aetui.runs.events import ActivityChanged
from aetui.runs.folder import RunFolder
from aetui.runs.liveness import is_held

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
LONG = ("train", "digits-mlp", "--set", "train.epochs=1000", "--set", "train.batch_size=50")


def launched(runs: Path) -> RunFolder:
    """The run, once there is a process that is about to start others."""

    def there() -> bool:
        return any(is_held(path) for path in runs.glob("*/launching"))

    wait_until(there, 60)
    return newest(runs)


def hears(process: subprocess.Popen[str], number: int) -> bool:
    """Whether it has a handler for the signal."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> number - 1 & 1)


def started(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """The ranks, which need some seconds to load."""
    wait_until(lambda: len(ranks_of(process)) == 2, 60)
    return ranks_of(process)


def activities(runs: Path) -> set[str]:
    """What the runs were told to be doing so far."""
    told = [event for log in runs.glob("*/events.jsonl") for event, _ in EventFollower(log).poll()]
    return {event.activity for event in told if isinstance(event, ActivityChanged)}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", ["before the ranks", "with the ranks", "with rank 0 at the run"])
def test_a_stop_while_they_load_is_a_stop(tmp_path, moment, number):
    process = start_ours(tmp_path, *LONG)
    with ranks.ended(process):
        folder = launched(tmp_path)
        wait_until(lambda: hears(process, signal.SIGTSTP))
        if moment != "before the ranks":
            first = started(process)[0]
        if moment == "with rank 0 at the run":
            wait_until(lambda: folder.read_meta().pid == first.pid)
        process.send_signal(number)
        _, printed = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert state(folder) == "stopped"
    assert "Traceback" not in printed + (folder.log.read_text() if folder.log.exists() else "")


def test_a_second_signal_ends_all_at_once(tmp_path):
    """The first waits for a rank that does not answer."""
    process = start_ours(tmp_path, *LONG)
    with ranks.ended(process):
        folder = wait_for_step(tmp_path, 100, 100)
        ranks_of(process)[1].suspend()
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        process.send_signal(signal.SIGINT)
        _, printed = process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGINT
    assert "Traceback" not in printed
    assert state(folder) == "interrupted"


@pytest.mark.parametrize("number", [0, 1])
def test_a_rank_that_is_killed_while_they_load_is_named(tmp_path, number):
    process = start_ours(tmp_path, *LONG)
    with ranks.ended(process):
        lost = started(process)[number]
        lost.kill()
        _, printed = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"rank {number} (process {lost.pid}) ended: signal 9" in printed
    folder = newest(tmp_path)
    assert state(folder) == "interrupted"
    assert f"rank {number} (process {lost.pid})" in folder.read_meta().reason


def test_a_terminal_that_is_lost_while_they_load(tmp_path):
    process = start_ours(tmp_path, *LONG)
    with ranks.ended(process):
        started(process)
        process.send_signal(signal.SIGHUP)
        folder = wait_for_step(tmp_path, 100, 100)
        wait_until(lambda: state(folder) == "detached")
        before = steps(folder)
        wait_until(lambda: steps(folder) > before)


def test_a_stop_while_another_rank_reads_its_data(tmp_path):
    """Rank 1 waits for the lock of the decoded images, as it may for minutes on another machine."""
    words = ("train", "digits-mlp", *grey_images(tmp_path / "images"))
    cache, done = tmp_path / "data" / "folders", threading.Event()

    def hold() -> None:
        wait_until(lambda: any(cache.glob("*.json")), 100)
        with next(cache.glob("*.lock")).open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            done.wait(100)

    holder = threading.Thread(target=hold)
    holder.start()
    process = start_ours(tmp_path / "runs", "--data", str(tmp_path / "data"), *words)
    with ranks.ended(process):
        wait_until(lambda: "2 processes begin" in activities(tmp_path / "runs"), 100)
        ranks_of(process)[1].send_signal(signal.SIGTERM)
        _, printed = process.communicate(timeout=30)
    assert process.returncode == 5, printed
    done.set()
    holder.join()
    assert state(newest(tmp_path / "runs")) == "stopped"
