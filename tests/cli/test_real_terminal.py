"""The app as a person uses it: a real pseudo-terminal, keys, signals, a dropped line."""

import contextlib
import re
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from live_runs import kill_all, newest, state, steps, wait_until
from pseudo_terminal import Terminal

from aetui.runs.listing import list_runs

ONE_THREAD = ("--threads", "1")
"""Several threads wait for each other where other programs keep the machine busy."""

RESTORED = b"\x1b[?1049l"
"""Leaves the alternate screen."""


@pytest.fixture
def open_app(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def start(*arguments: str, **settings) -> Terminal:
        opened.append(Terminal(*arguments, *ONE_THREAD, cwd=tmp_path, **settings))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.kill()
    kill_all(tmp_path / "runs")


def epoch_at_least(number: int) -> Callable[[str], bool]:
    """The monitor's progress has come to this epoch."""

    def seen(screen: str) -> bool:
        epoch = re.search(r"epoch +(\d+)/", screen)
        return epoch is not None and int(epoch[1]) >= number

    return seen


def test_choose_train_pause_resume_quit(open_app, tmp_path):
    terminal = open_app()
    terminal.wait_for("digits-mlp")
    terminal.press("\r")
    terminal.wait_for(epoch_at_least(3))
    terminal.press(" ")
    terminal.wait_for("paused")
    folder = newest(tmp_path / "runs")
    before = steps(folder)
    machine_looks = folder.events.read_text().count("MachineSampled")
    wait_until(lambda: folder.events.read_text().count("MachineSampled") > machine_looks + 1)
    assert steps(folder) == before
    terminal.press(" ")
    terminal.wait_for("finished")
    terminal.press("q")
    assert terminal.wait_for_exit() == 0
    assert terminal.modes == terminal.modes_before
    assert RESTORED in terminal.received
    assert state(folder) == "finished"


def test_a_preset_is_found_changed_and_started(open_app, tmp_path):
    """Keys in bunches, as a slow line brings them."""
    terminal = open_app()
    terminal.wait_for("digits-mlp")
    terminal.press("/mlp")
    terminal.wait_for(lambda screen: "mnist-mlp" in screen and "digits-conv" not in screen)
    terminal.press("\r")
    terminal.press("e")
    terminal.wait_for("settings of digits-mlp")
    terminal.press("\x1b[B" * 12)
    terminal.wait_for("│ train.epochs")
    terminal.press("\r15\x7f")
    terminal.wait_for(lambda screen: re.search(r"• epochs +1 ", screen) is not None)
    terminal.press("\r")
    terminal.wait_for("1 changed")
    terminal.press("s")
    terminal.wait_for("finished")
    terminal.press("q")
    assert terminal.wait_for_exit() == 0
    assert "epochs = 1\n" in newest(tmp_path / "runs").config.read_text()


def test_several_values_in_the_form_are_worked_off_without_the_app(open_app, tmp_path):
    terminal = open_app()
    terminal.wait_for("digits-mlp")
    terminal.press("e")
    terminal.wait_for("settings of digits-mlp")
    terminal.press("\x1b[B" * 12)
    terminal.wait_for("│ train.epochs")
    terminal.press("\r0, 1\rs")
    terminal.wait_for("2 runs wait in the queue")
    terminal.wait_for("epochs=1")
    terminal.press("q")
    assert terminal.wait_for_exit() == 0
    wait_until(lambda: [run.state for run in list_runs(tmp_path / "runs")] == ["finished", "finished"], 90)


def test_all_runs_in_a_table(open_app, tmp_path):
    for seed in (1, 2):
        terminal = open_app("--preset", "digits-mlp", "--set", "train.epochs=1", "--set", f"seed={seed}")
        terminal.wait_for("finished")
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
    terminal = open_app()
    terminal.wait_for("✓ digits-mlp")
    terminal.press("\t")
    terminal.wait_for("2 runs, by started")
    terminal.press("/seed=1\r")
    terminal.wait_for("1 of 2 runs")
    terminal.press("nthe first\rD")
    terminal.wait_for("nothing is found")
    terminal.press("u")
    terminal.wait_for("the first")
    terminal.press("\x1b")
    terminal.wait_for("2 runs, by started")
    terminal.press("\x1b[H  \r")
    terminal.wait_for("2 runs of digits-mlp")
    terminal.press("q")
    assert terminal.wait_for_exit() == 0


def test_two_runs_are_compared_while_one_trains(open_app, tmp_path):
    terminal = open_app("--preset", "digits-mlp", "--set", "train.epochs=1", "--set", "latent=8")
    terminal.wait_for("finished")
    terminal.press("q")
    assert terminal.wait_for_exit() == 0
    first = newest(tmp_path / "runs").name
    terminal = open_app("--preset", "digits-mlp", "--set", "train.epochs=400")
    terminal.wait_for(epoch_at_least(2))
    other = newest(tmp_path / "runs").name
    watcher = open_app("watch", first, other)
    watcher.wait_for(lambda screen: "a 8 " in screen and "b 3 " in screen)
    epochs = re.search(r"●  3 .*", watcher.wait_for("●  3 "))[0]
    watcher.wait_for(lambda screen: re.search(r"●  3 .*", screen)[0] != epochs)
    watcher.press("q")
    assert watcher.wait_for_exit() == 0


def test_the_learning_rate_is_changed_while_it_trains(open_app, tmp_path):
    terminal = open_app("--preset", "digits-mlp", "--set", "train.epochs=400", columns=140, rows=40)
    terminal.wait_for(epoch_at_least(2))
    terminal.press("h")
    terminal.wait_for("train.learning_rate=0.001")
    terminal.press("3e-4\r")
    terminal.wait_for("learning_rate 0.0003 at")
    terminal.wait_for("train.learning_rate 0.0003 from step")
    config = newest(tmp_path / "runs").config.read_text()
    assert 'change = "train.learning_rate=3e-4"' in config
    terminal.press("q")
    terminal.wait_for("Leave how?")
    terminal.press("\x1b[B\r")
    assert terminal.wait_for_exit() == 0


def test_a_chart_is_looked_at_closely_and_a_branch_trained_from_an_epoch(open_app, tmp_path):
    terminal = open_app("--preset", "digits-mlp", "--set", "train.epochs=3")
    terminal.wait_for("finished")
    terminal.wait_for(lambda screen: "╌ mean 0.0594" in screen and "╌ PCA-3 0.0445" in screen)
    trunk = newest(tmp_path / "runs")
    terminal.press("\x1b[D+")
    terminal.wait_for(lambda screen: "┊ epoch 2, train" in screen and "2.5" in screen)
    terminal.press("\x1b[H")
    terminal.wait_for(lambda screen: "┊ epoch 2, train" in screen and "2.5" not in screen)
    click = "\x1b[<0;12;8M\x1b[<0;12;8m"  # SGR coordinates of xterm's mouse, pressed and released
    terminal.press(click)
    terminal.wait_for("┊ epoch 0, test")
    terminal.press("t")
    terminal.wait_for(lambda screen: "PSNR, dB" in screen and "★ 3" in screen)
    terminal.press("\x1b[B\r")
    terminal.wait_for("┊ epoch 1, train")
    terminal.press("b")
    terminal.wait_for("after epoch 2, step 314")
    terminal.press("\x1b[Btrain.epochs=4 train.learning_rate=3e-4\r")
    terminal.wait_for(lambda screen: "epoch 4/4" in screen and "finished" in screen)
    branch = newest(tmp_path / "runs")
    wait_until(lambda: state(branch) == "finished")
    assert (branch.read_meta().branched_from, branch.read_meta().branched_step) == (trunk.name, 314)
    terminal.press("q")
    assert terminal.wait_for_exit() == 0


def test_the_end_of_a_run_is_told_as_the_terminal_can(open_app):
    terminal = open_app("--preset", "digits-mlp", "--set", "train.epochs=1", more={"TERM_PROGRAM": "WezTerm"})
    told = re.compile(rb"\x1b\](9|777);[^\x1b\x07]*digits-mlp[^\x1b\x07]*finished")
    terminal.wait_for(lambda _: told.search(terminal.received) and b"\x07" in terminal.received)
    terminal.press("q")
    assert terminal.wait_for_exit() == 0


def test_seeds_are_one_curve_and_their_pictures_a_row_each(open_app, tmp_path):
    for seed in (1, 2):
        terminal = open_app("--preset", "digits-mlp", "--set", "train.epochs=1", "--set", f"seed={seed}")
        terminal.wait_for("finished")
        terminal.press("q")
        assert terminal.wait_for_exit() == 0
    terminal = open_app("watch", "--last", "2", columns=140, rows=40)
    terminal.wait_for("2: 0.0")
    terminal.press("s")
    terminal.wait_for(lambda screen: "b 2 0.0" in screen and "2: 0.0" not in screen)
    terminal.press("p")
    terminal.wait_for(lambda screen: "the images" in screen and "b  0.0" in screen)
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


def test_dialogs_that_come_and_go_at_once_hold_up_no_frame(open_app):
    terminal = open_app()
    terminal.wait_for("digits-mlp")
    terminal.press("?q" * 8)
    terminal.wait_for(lambda text: "─ Keys ─" not in text and "Help" in text)
    terminal.press("?")
    terminal.wait_for("─ Keys ─")
    terminal.press("q")
    terminal.wait_for(lambda text: "─ Keys ─" not in text)


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


def test_a_dropped_line_does_not_stop_training(open_app, tmp_path):
    terminal = open_app("--preset", "digits-mlp", "--set", "train.epochs=400")
    terminal.wait_for(epoch_at_least(2))
    terminal.hang_up()
    terminal.process.wait(timeout=20)
    folder = newest(tmp_path / "runs")
    wait_until(lambda: state(folder) == "detached")
    before = steps(folder)
    wait_until(lambda: steps(folder) > before)


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


@pytest.mark.parametrize(("columns", "rows"), [(20, 5), (1, 1), (500, 200)])
def test_any_size_of_terminal(open_app, columns, rows):
    terminal = open_app("--preset", "digits-mlp", columns=columns, rows=rows)
    wait_until(lambda: len(terminal.received) > 100 or bool(terminal._read_some("nothing was drawn")))
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.wait_for_exit() == 128 + signal.SIGTERM


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
