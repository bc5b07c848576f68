"""The training loop: one function to read from top to bottom, and the named things it does."""

import math
import time
from collections.abc import Iterator
from functools import partial
from itertools import repeat

import torch

from aetui.data.batches import batches, epoch_order
from aetui.runs.events import ActivityChanged, Emit, EpochFinished, FloorMeasured, StateChanged
from aetui.training.commands import handle_commands, probe_now
from aetui.training.control import Control
from aetui.training.epoch_probe import is_probed, probe_is_due
from aetui.training.evaluation import Evaluation, evaluate
from aetui.training.floor import floor
from aetui.training.meter import Meter, diverged
from aetui.training.previews import draw_epoch
from aetui.training.saving import save_checkpoint
from aetui.training.steps import take_step
from aetui.training.training import Training


def train(training: Training, control: Control, emit: Emit) -> None:
    """Train a prepared run to its last epoch.

    Raises Stopped once a requested stop is saved and Diverged at a loss that is not finite.
    """
    preset, progress = training.preset.train, training.progress
    emit(StateChanged(control.running_state))
    if progress.step == 0:
        _measure_floor(training, control, emit)
        _finish_epoch(training, control, emit, None)
    elif progress.batch == 0 and probe_is_due(training) and not is_probed(training):
        probe_now(training, control, emit)

    while progress.epoch < preset.epochs:
        meter = Meter(training, emit)
        training.model.train()
        for pixels, labels in _epoch(training):
            losses = take_step(training, pixels, labels)
            progress.step += 1
            progress.batch += 1
            meter.add(losses, len(pixels))

            # once in a while: numbers for people; this waits for the device
            if meter.due():
                meter.report()
            # rarely: somebody wants something
            if control.pending:
                meter.report()
                handle_commands(training, control, emit)
                meter.go_on()

        meter.report()
        _finish_epoch(training, control, emit, meter)


def _epoch(training: Training) -> Iterator[tuple[torch.Tensor, torch.Tensor | None]]:
    """The batches of the unfinished epoch that are still to come, with labels where they are needed."""
    progress, preset, train = training.progress, training.preset.train, training.train
    order = epoch_order(preset.seed, progress.epoch + 1, len(train))
    pixels = batches(train.images, order, preset.batch_size, first=progress.batch)
    if not training.objective.needs_labels:
        return zip(pixels, repeat(None), strict=False)
    return zip(pixels, batches(train.labels, order, preset.batch_size, first=progress.batch), strict=True)


def _finish_epoch(training: Training, control: Control, emit: Emit, meter: Meter | None) -> None:
    """Test, report, save, draw, probe. There is no meter before the first step."""
    tested, seconds = _test(training, control, emit)
    emit(_count_epoch(training, meter, tested, seconds))
    emit(ActivityChanged(""))
    if meter or not training.preset.train.epochs:
        save_checkpoint(training, control, emit, tested.loss)
    draw_epoch(training, tested, emit)
    if control.take("probe") or probe_is_due(training):
        probe_now(training, control, emit)


def _test(training: Training, control: Control, emit: Emit) -> tuple[Evaluation, float]:
    """The whole test set, and the seconds that took, pauses left out. Raises Stopped and Diverged."""
    emit(ActivityChanged("testing"))
    began = time.perf_counter()
    held_seconds = 0.0

    def between_batches() -> None:
        nonlocal held_seconds
        began = time.perf_counter()
        handle_commands(training, control, emit, may_probe=False)
        held_seconds += time.perf_counter() - began

    tested = evaluate(training.model, training.test, training.objective, between_batches)
    if not math.isfinite(tested.loss):
        raise diverged(training)
    return tested, time.perf_counter() - began - held_seconds


def _count_epoch(
    training: Training, meter: Meter | None, tested: Evaluation, test_seconds: float
) -> EpochFinished:
    """Move the progress past the epoch; what the epoch gave."""
    progress, loss = training.progress, tested.loss
    progress.epoch += meter is not None
    best = progress.epoch > 0 and loss < progress.best_test_loss
    event = EpochFinished(
        epoch=progress.epoch,
        step=progress.step,
        train_loss=meter.epoch_loss if meter else None,
        test_loss=loss,
        seconds=progress.epoch_seconds,
        images_per_second=len(training.train) / progress.epoch_seconds if meter else None,
        total_seconds=progress.total_seconds,
        test_seconds=test_seconds,
        best=best,
        train_objective=meter.epoch_trained if meter and tested.trained is not None else None,
        test_objective=tested.trained,
        test_accuracy=tested.accuracy,
    )
    if best:
        progress.best_test_loss = loss
    progress.batch, progress.loss_sum, progress.trained_sum, progress.epoch_seconds = 0, 0.0, 0.0, 0.0
    return event


def _measure_floor(training: Training, control: Control, emit: Emit) -> None:
    """What a masked model must beat, on the masks that it is tested with."""
    preset = training.preset
    mask, seed = preset.mask, preset.train.seed
    if preset.model.kind == "mae" and mask and mask.ratio:
        emit(ActivityChanged("measuring the floor"))
        between = partial(handle_commands, training, control, emit, may_probe=False)
        loss = floor(training.test, mask.patch, mask.ratio, seed, training.device, between)
        emit(FloorMeasured(loss))
