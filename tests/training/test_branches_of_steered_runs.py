"""Branches of runs that were told something while they trained, or were left within an epoch."""

import re

import pytest
from trunks import TRUNK

from aetui.errors import UsageError
from aetui.runs.checkpoint_index import read_index, write_index
from aetui.runs.events import EpochFinished, SettingChanged, StepsTrained
from aetui.runs.folder import RunFolder
from aetui.runs.report import read_history


def losses_of(folder: RunFolder) -> dict[int, float]:
    return {number: epoch.test_loss for number, epoch in read_history(folder)[0].epochs.items()}


def test_what_the_other_was_told_until_there_stays_told(make_run, record, branch):
    def tell(event, session):
        if isinstance(event, EpochFinished) and event.epoch in (1, 3):
            session.control.request(f"set train.learning_rate={event.epoch}e-4")

    trunk = make_run(*TRUNK)
    record(trunk, tell)
    same = branch(trunk, 2)
    assert [one.step for one in read_history(same)[0].changed.values()] == [4]
    record(same)
    assert losses_of(same)[3] == losses_of(trunk)[3]
    assert losses_of(same)[4] != losses_of(trunk)[4]  # the change of epoch 3 is not the branch's
    other = branch(trunk, 2, "train.learning_rate=2e-4")
    told = [(one.step, one.value) for one in read_history(other)[0].changed.values()]
    assert told == [(4, "0.0001"), (8, "0.0002")]
    recorder = record(other)
    assert recorder.of(SettingChanged) == []
    assert {one.learning_rate for one in read_history(other)[0].steps if one.step > 8} == {2e-4}


def test_what_was_told_before_is_only_what_it_came_to(make_run, record, branch):
    """A number of epochs between that the branch's warm-up would not fit into, as it never has to."""

    def tell(event, session):
        if isinstance(event, EpochFinished) and event.epoch in (1, 2):
            session.control.request(f"set train.epochs={2 * event.epoch + 1}")

    trunk = make_run(*TRUNK, "train.epochs=6", "train.schedule=cosine", "train.warmup_epochs=1")
    record(trunk, tell)
    folder = branch(trunk, 3, "train.warmup_epochs=4")
    recorder = record(folder)
    assert recorder.session.state == "finished", folder.read_meta().reason
    assert max(losses_of(folder)) == 5


def test_what_the_other_was_told_at_the_fork_is_not_its_story(make_run, branch, record):
    """A change from that step on came with the next step, which the branch takes in its own way."""
    trunk = make_run(*TRUNK)

    def tell(event, session):
        if isinstance(event, EpochFinished) and event.epoch == 2:
            session.control.request("set noise.std=0.6")

    record(trunk, tell)
    folder = branch(trunk, 2)
    assert folder.read_preset().steer == []
    assert read_history(folder)[0].changed == {}


def test_a_best_epoch_whose_weights_are_gone_is_said(trunk, branch):
    assert "are gone" not in branch(trunk, 3).events.read_text()
    log = trunk.events.read_text()
    best = re.sub(r'("epoch": 1, "step": 4, .*?"test_loss": )[\d.]+', r"\g<1>0.0001", log)
    assert best != log
    trunk.events.write_text(best)
    entries = read_index(trunk.checkpoints)
    write_index(trunk.checkpoints, [entry for entry in entries if entry.epoch != 1])
    (told,) = [line for line in branch(trunk, 3).events.read_text().splitlines() if "are gone" in line]
    assert "the best epoch so far, 1, are gone" in told


def test_another_seed_within_an_epoch_is_refused(make_run, branch, record):
    def stop(event, session):
        if isinstance(event, StepsTrained) or (isinstance(event, EpochFinished) and event.epoch == 1):
            session.control.request("stop")

    trunk = make_run(*TRUNK)
    record(trunk, stop)
    entry = read_index(trunk.checkpoints)[-1]
    assert entry.is_within_epoch
    with pytest.raises(UsageError, match="The seed orders the images"):
        branch(trunk, None, "train.seed=7")
    branch(trunk, None, "train.learning_rate=1e-4")
