"""What the charts show beside the losses: accuracies of a classifier or of the probes, learning rates."""

from dataclasses import replace

from aetui.runs.events import (
    EpochFinished,
    FloorMeasured,
    ProbeMeasured,
    RunStarted,
    SettingChanged,
    StepsTrained,
)
from aetui.runs.history import History
from aetui.ui.charts.chart import Level
from aetui.ui.monitor.run_curves import accuracies_of, losses_of, rates_of

STARTED = RunStarted("run", "preset", "cpu", "CPU", 10, 2, 4, 40, 10, "shapes")


def finished(epoch: int, accuracy: float | None) -> EpochFinished:
    return EpochFinished(
        epoch, 4 * epoch, 1.0, 2.0, 1.0, 4.0, float(epoch), 0.1, True, test_accuracy=accuracy
    )


def shown(*events):
    history = History()
    for event in (STARTED, *events):
        history.apply(event, 0.0)
    return accuracies_of(history)


def test_a_classifier_shows_its_accuracy_after_every_epoch():
    curves = shown(finished(0, 0.1), finished(1, 0.5), finished(2, 0.25))
    assert [tuple(sample) for sample in curves.curves["test"]] == [
        (0, 0, 0.0, 10.0, 0),
        (1, 4, 1.0, 50.0, 40),
        (2, 8, 2.0, 25.0, 80),
    ]
    assert (curves.unit, list(curves.curves), curves.percent) == ("accuracy on test images", ["test"], True)


def test_an_autoencoder_shows_its_probes():
    curves = shown(finished(0, None), finished(1, None), ProbeMeasured(1, 4, 0.5, 0.25, 1.0))
    assert {name: [sample.loss for sample in samples] for name, samples in curves.curves.items()} == {
        "linear": [50.0],
        "kNN": [25.0],
    }


def test_what_no_learning_reaches_is_a_level():
    assert shown().levels == (), "an old log does not tell the classes"
    history = History()
    history.apply(replace(STARTED, classes=4), 0.0)
    assert accuracies_of(history).levels == (Level("chance", 25.0),)
    history.apply(FloorMeasured(0.02), 0.0)
    assert losses_of(history).levels == (Level("floor", 0.02),)


def test_learning_rates_are_those_that_were_used():
    """Also where a resumed run goes on with another one."""
    history = History()
    for step, rate in ((2, 1e-3), (4, 1e-3), (6, 1e-4)):
        history.apply(StepsTrained(1, step, 1.0, 1.0, 10, 10.0, step / 2, rate), 0.0)
    history.started = STARTED
    rates = [(sample.step, sample.loss) for sample in rates_of(history).curves["rate"]]
    assert rates == [(2, 1e-3), (4, 1e-3), (6, 1e-4)]


def test_what_was_changed_while_it_trained_is_marked():
    history = History()
    history.apply(STARTED, 0.0)
    history.apply(StepsTrained(1, 2, 0.1, 0.1, 10, 5.0, 0.5, 1e-3), 1.0)
    history.apply(SettingChanged(3, "train.learning_rate", "0.0003", "0.001"), 2.0)
    ((sample, mark, words),) = losses_of(history).changes
    assert (mark, words) == ("▴", "learning_rate 0.0003")
    assert tuple(sample) == (0.75, 3, 0.5, None, 30)
    history.apply(replace(STARTED, step=2), 3.0)
    assert losses_of(history).changes == (), "what was changed beyond the checkpoint never was"


def test_where_it_was_taken_up_again_is_marked():
    history = History()
    history.apply(STARTED, 0.0)
    for step in (4, 8, 4):
        history.apply(replace(STARTED, step=step, resumed_from=f"epoch_0001_step_{step:08d}.pt"), 1.0)
    assert [(sample.step, mark, what) for sample, mark, what in losses_of(history).changes] == [
        (4, "↻", "resumed")
    ]
