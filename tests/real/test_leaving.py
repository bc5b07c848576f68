"""The app is left, in every way in which that happens, on a real pseudo-terminal."""

import contextlib
import re
import shutil
import signal
import sys

import psutil
import pytest
from live_runs import newest, state, steps, wait_until
from pseudo_terminal import RESTORED, epoch_at_least

pytestmark = pytest.mark.slow


def test_the_end_of_a_run_is_told_as_the_terminal_can(open_app):
    terminal = open_app("--preset", "digits-mlp", "--set", "train.epochs=1", more={"TERM_PROGRAM": "WezTerm"})
    told = re.compile(rb"\x1b\](9|777);[^\x1b\x07]*digits-mlp[^\x1b\x07]*finished")
    terminal.wait_for(lambda _: told.search(terminal.received) and b"\x07" in terminal.received)
    terminal.press("q")
    assert terminal.wait_for_exit() == 0


def test_quit_while_training_goes_on_without_a_screen(open_app, tmp_path):
    terminal = open_app("--preset", "digits-mlp", "--set", "train.epochs=400")
    terminal.wait_for(epoch_at_least(2))
    terminal.press("q")
    terminal.wait_for("Leave how?")
    terminal.press("\r")
    assert terminal.wait_for_exit() == 0
    folder = newest(tmp_path / "runs")
    wait_until(lambda: state(folder) == "detached")
    before = steps(folder)
    wait_until(lambda: steps(folder) > before)

    watcher = open_app("watch")
    watcher.wait_for("training without a screen")
    watcher.press("s")
    watcher.wait_for("Stop this run?")
    watcher.press("\r")
    watcher.wait_for("stopped")
    watcher.press("q")
    assert watcher.wait_for_exit() == 0


def test_a_stop_of_a_run_that_was_deleted_meanwhile_is_no_crash(open_app, tmp_path):
    terminal = open_app("--preset", "digits-mlp", "--set", "train.epochs=400")
    terminal.wait_for(epoch_at_least(2))
    terminal.press("q")
    terminal.wait_for("Leave how?")
    terminal.press("\x1b[B")
    shutil.rmtree(newest(tmp_path / "runs").path)
    terminal.press("\r")
    assert terminal.wait_for_exit() == 0
    assert b"the app failed" not in terminal.received


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_saves_and_restores_the_terminal(open_app, tmp_path, number):
    terminal = open_app("--preset", "digits-mlp", "--set", "train.epochs=400")
    terminal.wait_for(epoch_at_least(2))
    terminal.process.send_signal(number)
    assert terminal.wait_for_exit() == 128 + number
    assert terminal.modes == terminal.modes_before
    assert RESTORED in terminal.received
    folder = newest(tmp_path / "runs")
    assert state(folder) == "stopped"
    assert list(folder.checkpoints.glob("*.pt"))


def test_a_terminal_that_is_gone_without_a_signal_is_left(open_app, tmp_path):
    terminal = open_app("--preset", "digits-mlp", "--set", "train.epochs=400", controlling=False)
    terminal.wait_for(epoch_at_least(2))
    terminal.hang_up()
    assert terminal.process.wait(timeout=20) == 128 + signal.SIGHUP
    folder = newest(tmp_path / "runs")
    before = steps(folder)
    wait_until(lambda: steps(folder) > before)


@pytest.mark.parametrize("before", [(), (signal.SIGSTOP,), (signal.SIGTSTP,)])
def test_a_signal_to_go_on_leaves_the_terminal_as_it_was(open_app, before):
    """`timeout` sends one behind every other signal."""
    terminal = open_app()
    terminal.wait_for("digits-mlp")
    for number in before:
        terminal.process.send_signal(number)
        wait_until(lambda: psutil.Process(terminal.process.pid).status() == psutil.STATUS_STOPPED)
    terminal.received = b""
    terminal.process.send_signal(signal.SIGCONT)
    wait_until(lambda: len(terminal.received) > 1000 or bool(terminal._read_some("nothing was drawn")))
    terminal.press("q")
    assert terminal.wait_for_exit() == 0
    assert terminal.modes == terminal.modes_before


def made_a_folder(log):
    """A library may have warned into the file already, and may do so again meanwhile."""
    log.unlink(missing_ok=True)
    with contextlib.suppress(FileExistsError):
        log.mkdir()
    return log.is_dir()


@pytest.mark.parametrize("log", ["a file", "a folder"])
def test_headless_training_survives_its_terminal(open_app, tmp_path, log):
    terminal = open_app("train", "digits-mlp", "--set", "train.epochs=400")
    terminal.wait_for("epoch 1:")
    folder = newest(tmp_path / "runs")
    if log == "a folder":
        wait_until(lambda: made_a_folder(folder.log))
    terminal.hang_up()
    wait_until(lambda: state(folder) == "detached")
    before = steps(folder)
    wait_until(lambda: steps(folder) > before)
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.process.wait(timeout=20) == 128 + signal.SIGTERM


BROKEN = """
import sys
from aetui.cli import main
from aetui.ui.monitor.screen import MonitorScreen

def fails(self, deed):
    raise RuntimeError("[/x] a mistake of ours")

MonitorScreen.action_chart = fails
sys.exit(main(sys.argv[1:]))
"""


def test_an_error_of_the_app_restores_the_terminal_and_training_goes_on(open_app, tmp_path):
    arguments = ("--preset", "digits-mlp", "--set", "train.epochs=4000")
    terminal = open_app(
        *arguments, program=(sys.executable, "-c", BROKEN), more={"XDG_STATE_HOME": str(tmp_path)}
    )
    terminal.wait_for(epoch_at_least(2))
    terminal.press("m")
    assert terminal.wait_for_exit() == 1
    assert terminal.modes == terminal.modes_before
    assert RESTORED in terminal.received
    assert "the app failed, what trains goes on" in terminal.text
    assert "Traceback" not in terminal.text
    assert "a mistake of ours" in (tmp_path / "aetui" / "log" / "crash.txt").read_text()
    folder = newest(tmp_path / "runs")
    before = steps(folder)
    wait_until(lambda: steps(folder) > before)
