"""Whether the process that a run names still lives."""

import os
import shutil
import socket
import subprocess
import sys
import time

import psutil
import pytest
from made_runs import new_run

from aetui.runs.folder import RunFolder
from aetui.runs.liveness import find_state
from aetui.training.ownership import owned, owned_idle


def test_a_killed_run_is_not_said_to_run_while_somebody_looks_at_it(tmp_path):
    folder = new_run(tmp_path)
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    folder.change_meta(state="running", pid=ended.pid)
    with owned_idle(folder):
        assert find_state(folder, folder.read_meta()) == "interrupted"
    assert find_state(folder, folder.read_meta()) == "interrupted"


def test_states_follow_the_process(tmp_path):
    folder = new_run(tmp_path)
    folder.own()
    folder.change_meta(state="running")
    assert find_state(folder, folder.read_meta()) == "running"
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    folder.change_meta(pid=ended.pid)
    assert find_state(folder, folder.read_meta()) == "interrupted"
    folder.change_meta(state="finished")
    assert find_state(folder, folder.read_meta()) == "finished"


def test_a_later_process_of_the_same_number_is_not_taken_for_it(tmp_path):
    folder = new_run(tmp_path)
    folder.change_meta(state="running", pid=os.getpid(), pid_started=psutil.Process().create_time() - 100)
    assert find_state(folder, folder.read_meta()) == "interrupted"


def test_a_clock_that_is_set_does_not_make_a_run_interrupted(tmp_path, monkeypatch):
    """The kernel tells when it booted and when a process began by the clock as it is now."""
    folder = new_run(tmp_path)
    folder.own()
    began, booted = psutil.Process.create_time, psutil.boot_time
    monkeypatch.setattr(psutil.Process, "create_time", lambda process: began(process) + 3600)
    monkeypatch.setattr(psutil, "boot_time", lambda: booted() + 3600)
    assert find_state(folder, folder.read_meta()) == "starting"


@pytest.mark.parametrize(
    "elsewhere",
    [{"host": "another"}, {"host": socket.gethostname(), "boot": "another machine of the same name"}],
)
def test_a_process_elsewhere_lives_while_it_holds_the_lock_or_writes(tmp_path, elsewhere):
    """Another machine, or a container that is no more: its process cannot be asked."""
    folder = new_run(tmp_path)
    folder.change_meta(state="running", pid=1, **elsewhere)
    find = lambda: find_state(folder, folder.read_meta())  # noqa: E731
    assert find() == "interrupted"
    folder.events.touch()
    assert find() == "running"
    os.utime(folder.events, (0, time.time() - 600))
    assert find() == "interrupted"
    with owned(folder):
        assert find() == "running"
    assert find() == "interrupted"


def test_a_copy_is_not_trained_by_the_process_of_the_original(tmp_path):
    folder = new_run(tmp_path)
    copy = RunFolder(folder.path.with_name("copy"))
    with owned(folder):
        folder.own()
        shutil.copytree(folder.path, copy.path)
        assert find_state(folder, folder.read_meta()) == "starting"
        assert find_state(copy, copy.read_meta()) == "interrupted"
        folder.change_meta(pid=2**30)  # of another namespace, as in a container of the same name
        assert find_state(folder, folder.read_meta()) == "starting"
        folder.own()
        folder.lock.unlink()  # by somebody who tidies up
        assert find_state(folder, folder.read_meta()) == "starting"


def test_a_start_that_never_came_is_interrupted(tmp_path):
    folder = new_run(tmp_path)
    for started in ("2020-01-01T00:00:00+00:00", "2199-01-01T00:00:00+00:00", "yesterday"):
        folder.change_meta(started=started)
        assert find_state(folder, folder.read_meta()) == "interrupted"
