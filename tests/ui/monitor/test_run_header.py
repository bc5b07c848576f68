"""The monitor's head on histories made for it."""

import pytest

from aetui.runs import states
from aetui.runs.events import ActivityChanged, EpochFinished, ProbeMeasured, RunStarted, StepsTrained
from aetui.runs.history import History
from aetui.ui.monitor.run_header import progress_line, remaining_seconds
from aetui.ui.parts.state_marks import state_text

RUN = "20261122-141114-shapes-vit-mae-992t"


@pytest.fixture
def half_way() -> History:
    """Five of ten epochs of 10 s, each with a test of 1 s."""
    history = History()
    history.apply(RunStarted(RUN, "shapes-vit-mae", "cpu", "CPU", 9, 10, 100, 50, 20, "shapes"), 0.0)
    for epoch in range(6):
        steps, seconds = 100 * epoch, 10.0 * epoch
        if epoch:
            history.apply(StepsTrained(epoch, steps, 0.1, 0.1, 100, 28_100.0, seconds, 1e-3), seconds)
        history.apply(EpochFinished(epoch, steps, 0.1, 0.1, 10.0, 9.0, seconds, 1.0, True), seconds)
    return history


def line(history: History, state: str, width: int) -> tuple[str, str]:
    """The left and the right part of the second line."""
    left, right = progress_line(history, state, width)
    return left.plain, right.plain


@pytest.mark.parametrize("width", [58, 60, 78, 118, 198])
def test_bar_and_numbers_stay_in_their_places_while_features_are_probed(half_way, width):
    bar, speed = line(half_way, states.RUNNING, width)
    half_way.apply(ActivityChanged("probing the features"), 60.0)
    assert line(half_way, states.RUNNING, width)[0] == bar
    activity = line(half_way, states.RUNNING, width)[1]
    assert (bar[:15], bar[-4:]) == ("epoch  6/10  ━━", " 50%")
    assert len(activity) == len(speed)
    assert len(bar) + len(speed) <= width - 1
    assert speed.strip() == "28.1k images/s       55 s left"
    assert activity.endswith(speed[-len("     55 s left") :])
    assert activity.strip().startswith("probing the features …" if width >= 78 else "probing the f…")


def test_probes_to_come_are_counted_in_the_time_left(half_way):
    assert remaining_seconds(half_way) == half_way.remaining_seconds == 55.0
    for epoch in (2, 4):
        half_way.apply(ProbeMeasured(epoch, 100 * epoch, 0.5, 0.4, 15.0), 60.0)
    assert remaining_seconds(half_way) == 55.0 + 6.0 * 5


def test_at_the_end_training_and_probes_are_told_apart(half_way):
    assert "trained for 50 s" in line(half_way, states.STOPPED, 78)[1]
    half_way.apply(ProbeMeasured(4, 400, 0.5, 0.4, 15.0), 60.0)
    assert "trained for 50 s (+ probes 15 s)" in line(half_way, states.STOPPED, 78)[1]


def test_a_wait_before_training_has_the_line_for_itself(half_way):
    half_way.apply(ActivityChanged("downloading MNIST 4.2 of 11 MB, 1.1 MB/s"), 60.0)
    assert line(half_way, states.STARTING, 78) == ("downloading MNIST 4.2 of 11 MB, 1.1 MB/s …", "")


def test_detached_is_said_in_words():
    assert state_text(states.DETACHED).plain == "● training without a screen"


def test_every_state_has_a_mark_and_words_and_only_failures_share_theirs():
    marks = {
        state: state_text(state).plain
        for name, state in vars(states).items()
        if name.isupper() and isinstance(state, str)
    }
    assert marks[states.FAILED][0] != marks[states.INTERRUPTED][0]
    assert not any("_" in text for text in marks.values())
