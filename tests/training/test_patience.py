"""A run that gets no better ends, at the same epoch whether it was stopped meanwhile or not."""

import pytest

from aetui.cli import main
from aetui.runs.events import EpochFinished, StateChanged

SETTINGS = ("train.epochs=60", "train.patience=3", "train.learning_rate=0.05")


@pytest.fixture
def straight(make_run, record):
    return record(make_run(*SETTINGS))


def losses_of(recorder) -> list[float]:
    return [epoch.test_loss for epoch in recorder.of(EpochFinished)]


def test_it_ends_when_the_best_is_three_epochs_ago(straight):
    losses = losses_of(straight)
    assert len(losses) < 60
    assert min(range(1, len(losses)), key=losses.__getitem__) == len(losses) - 4
    for end in range(4, len(losses) - 1):
        assert min(losses[1:end]) < min(losses[1 : end - 3] or [1e9]), "it would have ended before"
    last = straight.of(StateChanged)[-1]
    assert (last.state, last.reason) == ("finished", "no better for 3 epochs")


def test_a_stop_changes_nothing(straight, make_run, record):
    def stop_within(event, session):
        if isinstance(event, EpochFinished) and event.epoch == len(losses_of(straight)) - 3:
            session.control.request("stop")

    folder = make_run(*SETTINGS)
    before = record(folder, stop_within)
    assert before.session.state == "stopped"
    after = record(folder)
    assert losses_of(before) + losses_of(after) == losses_of(straight)
    again = record(folder)
    assert (losses_of(again), again.session.state) == ([], "finished")


def test_without_patience_it_goes_on(make_run, record):
    folder = make_run(*SETTINGS)
    epochs = len(losses_of(record(folder)))
    changes = ("--set", "train.patience=0", "--set", f"train.epochs={epochs}")
    assert main(["resume", str(folder.path), *changes, "--threads", "1"]) == 0
    assert folder.read_meta().epochs == epochs
