"""A run's history as the samples of the loss chart."""

from aetui.runs.history import History
from aetui.ui.widgets.loss_chart import Losses, Sample


def losses_of(history: History) -> Losses:
    """Train loss over the steps of each look, test loss after each epoch."""
    started = history.started
    if started is None:
        return Losses()
    train = [
        Sample(steps.step / started.steps_per_epoch, steps.step, steps.seconds, steps.train_loss)
        for steps in history.steps
    ]
    test = [
        Sample(epoch.epoch, epoch.step, epoch.total_seconds, epoch.test_loss)
        for _, epoch in sorted(history.epochs.items())
    ]
    return Losses(
        train=train,
        test=test,
        planned_epochs=started.epochs,
        planned_steps=started.epochs * started.steps_per_epoch,
        best_epoch=history.best.epoch if history.best else None,
    )
