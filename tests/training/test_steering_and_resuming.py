"""What is told within an epoch, in its test, or again after the run has gone back."""

from collections.abc import Callable

import pytest
from steered_runs import NOISY, after_epoch, losses, told

from aetui.config.reading import read_preset
from aetui.runs.checkpoint_index import read_index
from aetui.runs.create import create_run
from aetui.runs.events import (
    ActivityChanged,
    Event,
    StepsTrained,
)
from aetui.training.meter import Meter


def test_what_is_told_last_holds_though_the_run_was_told_otherwise_for_later(make_run, record, tmp_path):
    """A rate that was raised, a kill, an older checkpoint, and a rate that shall rescue the run."""
    first = make_run(*NOISY)
    changes = (2, "train.learning_rate=3e-2"), (2, "noise.std=0.4")
    record(first, after_epoch((1, "train.learning_rate=2e-3"), *changes))
    again = create_run(read_preset(first.config), "", tmp_path / "again", tmp_path, "cpu", threads=1)
    recorder = record(again, after_epoch((1, "train.learning_rate=1e-5")))
    assert [one[:3] for one in told(recorder)] == [
        (4, "train.learning_rate", "0.002"),
        (4, "train.learning_rate", "1e-05"),
        (8, "noise.std", "0.4"),
    ]
    assert [one.step for one in read_preset(again.config).steer] == [4, 8, 4]


def at(wanted: Callable[[Event], bool], number: int, *requests: str):
    """Asks for them at the event of this number, from 1, that is wanted."""
    seen = []

    def react(event, session):
        if wanted(event):
            seen.append(event)
            for request in requests if len(seen) == number else ():
                session.control.request(request)

    return react


def is_test(event: Event) -> bool:
    return event == ActivityChanged("testing")


@pytest.mark.parametrize("change", ["noise.std=0.8", "train.epochs=1"])
def test_stopped_in_a_test_that_epoch_is_tested_as_it_was_trained(make_run, record, change):
    """What was told meanwhile holds from the next epoch on, and the epoch is not left out."""
    straight = record(make_run(*NOISY), at(is_test, 2, f"set {change}"))
    folder = make_run(*NOISY)
    stopped = record(folder, at(is_test, 2, f"set {change}", "stop"))
    resumed = record(folder)
    assert list(losses(stopped)) == [0]
    assert losses(stopped) | losses(resumed) == losses(straight)
    assert told(resumed) == told(straight)


def test_an_epoch_that_was_begun_is_trained_out_though_it_is_one_too_many(make_run, record, monkeypatch):
    monkeypatch.setattr(Meter, "due", lambda self: True)
    straight = record(make_run(*NOISY))
    folder = make_run(*NOISY)
    within_epoch_2 = at(lambda event: isinstance(event, StepsTrained), 6, "set train.epochs=1", "stop")
    stopped = record(folder, within_epoch_2)
    assert (list(losses(stopped)), read_index(folder.checkpoints)[-1].step) == ([0, 1], 6)
    resumed = record(folder)
    assert list(losses(resumed)) == [2]
    assert losses(resumed)[2][1] == losses(straight)[2][1]
