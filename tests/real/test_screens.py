"""The screens as a person uses them, one behind the other, on a real pseudo-terminal."""

import re
import signal

import pytest
from live_runs import newest, state, wait_until
from pseudo_terminal import epoch_at_least

from aetui.runs.listing import list_runs

pytestmark = pytest.mark.slow


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


@pytest.mark.parametrize(("columns", "rows"), [(20, 5), (1, 1), (500, 200)])
def test_any_size_of_terminal(open_app, columns, rows):
    terminal = open_app("--preset", "digits-mlp", columns=columns, rows=rows)
    wait_until(lambda: len(terminal.received) > 100 or bool(terminal._read_some("nothing was drawn")))
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.wait_for_exit() == 128 + signal.SIGTERM
