"""The app as a person uses it: a real pseudo-terminal, keys in bunches, a dropped line.

More of it, slow, is in tests/real.
"""

import re

from live_runs import newest, state, steps, wait_until
from pseudo_terminal import RESTORED, epoch_at_least


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


def test_dialogs_that_come_and_go_at_once_hold_up_no_frame(open_app):
    terminal = open_app()
    terminal.wait_for("digits-mlp")
    terminal.press("?q" * 8)
    terminal.wait_for(lambda text: "─ Keys ─" not in text and "Help" in text)
    terminal.press("?")
    terminal.wait_for("─ Keys ─")
    terminal.press("q")
    terminal.wait_for(lambda text: "─ Keys ─" not in text)


def test_a_dropped_line_does_not_stop_training(open_app, tmp_path):
    terminal = open_app("--preset", "digits-mlp", "--set", "train.epochs=400")
    terminal.wait_for(epoch_at_least(2))
    terminal.hang_up()
    terminal.process.wait(timeout=20)
    folder = newest(tmp_path / "runs")
    wait_until(lambda: state(folder) == "detached")
    before = steps(folder)
    wait_until(lambda: steps(folder) > before)
