"""The story that events add up to."""

import math
from dataclasses import replace
from typing import get_args

from test_events import STARTED, finished, steps

from aetui.devices.machine import MachineSampled
from aetui.runs import history as history_module
from aetui.runs.events import (
    ActivityChanged,
    BaselineMeasured,
    BestTested,
    BranchedOff,
    CheckpointSaved,
    Event,
    FloorMeasured,
    PreviewSaved,
    ProbeMeasured,
    RunStarted,
    SettingChanged,
    StateChanged,
    Warned,
)
from aetui.runs.history import History, describe
from aetui.runs.ranks import Rank, RanksSampled


def history_of(*events) -> History:
    history = History()
    for time, event in enumerate(events):
        history.apply(event, float(time))
    return history


def test_progress_best_and_newest():
    history = history_of(
        STARTED, StateChanged("running"), finished(0), finished(1, 0.05), finished(2, 0.07), steps(250)
    )
    assert history.best.epoch == 1
    assert history.newest.epoch == 2
    assert history.progress == 250 / 300
    assert history.state == "running"


def test_numbers_that_cannot_be_stay_harmless():
    history = history_of(STARTED, replace(steps(10**15), images=0))
    assert history.progress == 1
    assert history.images_per_second is None


def test_the_untrained_model_is_never_the_best():
    assert history_of(STARTED, finished(0, 0.01), finished(1, 0.05)).best.epoch == 1
    assert history_of(STARTED, finished(1, math.nan)).best is None


def test_a_resume_voids_what_was_logged_beyond_its_checkpoint():
    resumed = RunStarted("r", "p", "cpu", "CPU", 10, 3, 100, 6400, 1000, "digits", 1, 100, "epoch_0001.pt")
    saved = CheckpointSaved(2, 200, "epoch_0002.pt", "", 1, False)
    history = history_of(STARTED, steps(50), steps(100), finished(1), steps(150), finished(2), saved, resumed)
    assert sorted(history.epochs) == [1]
    assert [s.step for s in history.steps] == [50, 100]
    assert history.checkpoints == []
    assert history.latest.step == 100


def test_the_curve_halves_itself(monkeypatch):
    monkeypatch.setattr(history_module, "MOST_POINTS", 10)
    history = history_of(STARTED, *(steps(n) for n in range(1, 100)))
    assert len(history.steps) <= 10
    assert history.steps[0].step == 1
    assert history.steps[-1].step == 99


def test_remaining_time_counts_steps_and_tests():
    history = history_of(STARTED, finished(1), steps(100))
    assert history.remaining_seconds == 200 * 0.01 + 2 * 0.1


def test_speed_is_the_mean_of_the_last_seconds():
    assert history_of(STARTED).images_per_second is None
    assert history_of(STARTED, steps(10), steps(20)).images_per_second == 1000.0


def test_no_more_epochs_are_kept_than_a_preset_may_have(monkeypatch):
    monkeypatch.setattr(history_module, "MOST_EPOCHS", 3)
    history = history_of(STARTED, *(finished(number) for number in range(10)))
    assert list(history.epochs) == [7, 8, 9]


def test_the_log_pane_has_a_line_of_every_event_that_says_something():
    events = (
        STARTED,
        StateChanged("running"),
        ActivityChanged("reading"),
        steps(1),
        finished(1),
        BestTested(1, 10, 0.1, None, None, 5),
        CheckpointSaved(1, 10, "epoch_0001_step_00000010.pt", "ab", 5, True),
        PreviewSaved(1, "epoch_0001.png"),
        FloorMeasured(0.1),
        BaselineMeasured("PCA-3", 0.05),
        SettingChanged(12, "train.learning_rate", "0.0003", "0.001"),
        BranchedOff("another", 1, 10),
        ProbeMeasured(1, 10, 0.5, 0.5, 1.0),
        MachineSampled(3.0, 2.0, 1, 2, 3),
        RanksSampled(2, [Rank(1, "here", 77, "CPU")]),
        Warned("of something"),
    )
    assert {type(event) for event in events} == set(get_args(Event))
    history = History()
    for event in events:
        history.apply(event, 1.0)
    told = [describe(event) for event in events if describe(event)]
    assert [note.text for note in history.notes_after()] == told
    assert [note.text for note in history.notes_after(len(told) - 1)] == told[-1:]
