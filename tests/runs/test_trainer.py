"""Whether a run that the app has started is still at work."""

import subprocess
import sys

import pytest

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.runs import trainer as trainer_module
from aetui.runs.create import create_run
from aetui.runs.trainer import Trainer

OTHER = 4_000_000
"""A process: the first of several, which another has started."""


@pytest.fixture
def trainer(tmp_path, monkeypatch):
    """Of a run, whose process sleeps."""
    popen = subprocess.Popen
    asleep = [sys.executable, "-c", "import time; time.sleep(100)"]
    monkeypatch.setattr(trainer_module.subprocess, "Popen", lambda _, **settings: popen(asleep, **settings))
    folder = create_run(read_preset(find_preset("digits-mlp")), "", tmp_path / "runs", tmp_path)
    trainer = Trainer(folder, tmp_path)
    yield trainer
    trainer._process.kill()


def test_it_is_at_work_from_its_start_to_the_end_of_the_run(trainer):
    assert trainer.at_work
    for state, at_work in (("running", True), ("stopped", False)):
        trainer.folder.change_meta(state=state, pid=OTHER, pid_began=1.0)
        assert trainer.at_work == at_work


def test_a_run_that_goes_on_is_at_work_before_its_process_says_so(trainer, tmp_path):
    trainer.folder.change_meta(state="stopped", pid=OTHER, pid_began=1.0)
    again = Trainer(trainer.folder, tmp_path)
    assert again.at_work
    again._process.kill()
    again._process.wait()
    assert not again.at_work
