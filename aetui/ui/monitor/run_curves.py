"""A run's history as the samples of the chart: losses, probe accuracies, learning rates."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from aetui.runs.events import RunStarted
from aetui.runs.history import History
from aetui.text import safe_text
from aetui.ui.charts.chart import Level, OfRun, Role
from aetui.ui.charts.losses import Losses, Sample
from aetui.ui.charts.samples import changes_of, levels_of, of_epochs, of_steps


def losses_of(history: History) -> Losses:
    """Train loss over the steps of each look, test loss after each epoch."""
    started = history.started
    if started is None:
        return Losses()
    return Losses(
        {
            "train": of_steps(history, lambda steps: steps.train_loss),
            "test": of_epochs(history, lambda epoch: epoch.test_loss),
        },
        _loss_name(history, started),
        started.epochs,
        best_epoch=history.best.epoch if history.best else None,
        tested_on=history.tested_on,
        levels=tuple(levels_of(history)),
        changes=tuple(changes_of(history)),
    )


def accuracies_of(history: History) -> Losses:
    """What the probes found: the linear classifier and the nearest neighbours; or a classifier itself."""
    started = history.started
    if started is None:
        return Losses()
    tested = of_epochs(history, lambda epoch: _percent(epoch.test_accuracy))
    if tested:
        where = history.tested_on
        chart = _accuracies(started, f"accuracy on {where} images", {"test": tested})
        return replace(chart, tested_on=where)
    areas = of_epochs(history, lambda epoch: _percent(epoch.detection.area if epoch.detection else None))
    if areas:
        chart = _accuracies(started, "area under the ROC curve of the errors", {"test": areas})
        return replace(chart, levels=(Level("chance", 50.0),))
    seconds = {epoch.step: epoch.total_seconds for epoch in history.epochs.values()}
    linear, neighbours = (
        [
            Sample(
                probe.step / started.steps_per_epoch,
                probe.step,
                probe.total_seconds or seconds.get(probe.step, 0.0),
                100 * getattr(probe, name),
                probe.step / started.steps_per_epoch * started.train_images,
            )
            for probe in history.probes
        ]
        for name in ("linear_accuracy", "knn_accuracy")
    )
    unit = "accuracy of frozen features on test images"
    return _accuracies(started, unit, {"linear": linear, "kNN": neighbours})


def rates_of(history: History) -> Losses:
    """The learning rate of the steps so far."""
    started = history.started
    if started is None:
        return Losses()
    samples = of_steps(history, lambda steps: steps.learning_rate)
    changes = tuple(changes_of(history))
    return Losses({"rate": samples}, "learning rate", started.epochs, changes=changes)


CHARTS: dict[str, tuple[Callable[[History], Losses], str]] = {
    "loss": (losses_of, ""),
    "accuracy": (
        accuracies_of,
        "no probe yet: a measures the features now, probe.every does in turn",
    ),
    "learning rate": (rates_of, "the learning rate is drawn when training starts"),
}
"""By title: what the chart shows, and what stands there while it is empty."""


def _loss_name(history: History, started: RunStarted) -> str:
    """With what makes the train loss lower than that of the same images as the test sees them."""
    cropped = history.newest is not None and history.newest.uncropped_train_loss is not None
    return f"{safe_text(started.loss)}{', train cropped' if cropped else ''}"


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _accuracies(started: RunStarted, unit: str, curves: dict[Role | OfRun, Sequence[Sample]]) -> Losses:
    """With the accuracy of guessing."""
    chance = (Level("chance", 100 / started.classes),) if started.classes else ()
    return Losses(curves, unit, started.epochs, levels=chance, percent=True)
