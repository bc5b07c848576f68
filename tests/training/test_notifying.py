"""Who wants to be told of a run's end is told, by a command of their own, and never at the run's cost."""

import json
import sys

import pytest
from live_runs import wait_until

from aetui.config.user_settings import NotifySection, read_settings, settings_file
from aetui.errors import UsageError
from aetui.runs.control import send
from aetui.runs.events import EpochFinished, StateChanged, Warned
from aetui.torch_import import SAFE_PATH
from aetui.training import supervisor
from aetui.training.notifying import Notifier, _filled
from aetui.training.ranks.environment import LAUNCHER
from aetui.training.supervisor import supervise

NOTES = "import json, sys; open(sys.argv[1], 'a').write(json.dumps(sys.argv[2:]) + '\\n')"
WORDS = ("{run}", "{preset}", "{state}", "{loss}", "{reason}")


@pytest.fixture
def settled(tmp_path, monkeypatch):
    """Writes the user's settings, with a command that notes what it is told; returns what it noted."""
    noted = tmp_path / "noted"

    def settle(*more: str) -> None:
        command = json.dumps([sys.executable, "-c", NOTES, str(noted), *WORDS])
        path = tmp_path / "settings.toml"
        path.write_text("\n".join(["[notify]", f"command = {command}", *more]))
        monkeypatch.setattr(supervisor, "settings_file", lambda: path)

    settle.told = lambda: (
        [json.loads(line) for line in noted.read_text().splitlines()] if noted.exists() else []
    )
    return settle


def test_of_its_end(make_run, settled):
    settled()
    folder = make_run("train.epochs=1")
    assert supervise(folder) == 0
    wait_until(lambda: len(settled.told()) == 1)
    ((run, preset, state, loss, reason),) = settled.told()
    assert (run, preset, state, reason) == (folder.name, "digits-mlp", "finished", "")
    assert float(loss) == pytest.approx(folder.read_meta().test_loss, rel=0.01)


def test_of_a_loss_that_was_waited_for_and_only_once(make_run, settled):
    settled("below = 0.5")
    assert supervise(make_run("train.epochs=2")) == 0
    wait_until(lambda: len(settled.told()) == 2)
    assert {state for _, _, state, _, _ in settled.told()} == {"below 0.5", "finished"}


def test_not_of_a_stop(make_run, settled):
    settled()
    folder = make_run("train.epochs=1000")

    def stop(event):
        if isinstance(event, EpochFinished):
            send(folder.control, "stop")

    assert supervise(folder, stop) == 5
    assert settled.told() == []


def test_a_command_that_is_not_there_is_told_in_the_log_and_costs_nothing(make_run, monkeypatch, tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text('[notify]\ncommand = ["no-such-program", "{state}"]\n')
    monkeypatch.setattr(supervisor, "settings_file", lambda: path)
    folder = make_run("train.epochs=1")
    assert supervise(folder) == 0
    assert "notify.command, no-such-program: " in folder.log.read_text()


@pytest.mark.parametrize("text", ["[notify", "[notify]\ncommand = 3\n", "[notify]\nurl = 'x'\n", "[other]\n"])
def test_settings_with_mistakes_are_told_and_the_run_trains(make_run, monkeypatch, tmp_path, text):
    path = tmp_path / "settings.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"settings\.toml"):
        read_settings(path)
    monkeypatch.setattr(supervisor, "settings_file", lambda: path)
    warned = []
    assert supervise(make_run("train.epochs=1"), lambda e: isinstance(e, Warned) and warned.append(e)) == 0
    assert any("nobody will be told" in warning.message for warning in warned)


def test_without_settings_nothing_is_run(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert read_settings(settings_file()).notify == NotifySection()


def test_what_is_told_is_one_argument_whatever_is_in_it(make_run, settled):
    settled()
    folder = make_run()
    told = Notifier(folder, "a; rm -rf {reason}", read_settings(supervisor.settings_file()).notify)
    told(StateChanged("failed", "$(touch x) \x1b[31m {state}"))
    wait_until(lambda: settled.told())
    ((_, preset, state, _, reason),) = settled.told()
    assert state == "failed"
    assert reason == "$(touch x) ␛[31m {state}"
    assert preset.startswith("a; rm -rf ")


def test_a_foreign_name_is_no_option_of_the_command():
    words = {"preset": "--eval=x", "state": "finished"}
    assert _filled("{preset} {state}", words) == "eval=x finished"
    assert _filled("--title={preset}", words) == "--title=--eval=x"


def test_the_command_is_none_of_the_ranks_of_the_run(make_run, tmp_path, monkeypatch):
    """It may well be aetui, which torchrun starts for two deeds alone."""
    for name, value in {"TORCHELASTIC_RUN_ID": "1", "WORLD_SIZE": "2", LAUNCHER: "1"}.items():
        monkeypatch.setenv(name, value)
    told = tmp_path / "told"
    program = f"""
import os
from aetui.training.ranks.environment import ranks
open({str(told)!r}, "w").write(f"{{ranks()}} {{os.getenv('{SAFE_PATH}')}}")
"""
    settings = NotifySection(command=[sys.executable, "-c", program])
    notifier = Notifier(make_run(), "preset", settings)
    monkeypatch.setenv(SAFE_PATH, "for what PyTorch starts")
    notifier(StateChanged("failed"))
    wait_until(lambda: told.exists() and told.read_text() == "1 None")
