"""The training loop: one function to read from top to bottom, and the named things it does."""

import math
import time
from dataclasses import replace
from functools import partial

from aetui.data.images import ImageSet
from aetui.models.masked_autoencoder import MaskedAutoencoder
from aetui.runs.events import ActivityChanged, BestTested, Emit, EpochFinished, StateChanged, Warned
from aetui.training.baselines import measure_baselines
from aetui.training.commands import do_long_ones, handle_commands, probe_now
from aetui.training.control import Control
from aetui.training.epoch_probe import is_probed, probe_is_due
from aetui.training.evaluation import Evaluation, evaluate
from aetui.training.floor import floor
from aetui.training.meter import Meter, diverged
from aetui.training.model_kinds import Model
from aetui.training.previews import draw_epoch
from aetui.training.ranks.bundles import Bundles
from aetui.training.ranks.orders import TestSet
from aetui.training.ranks.team import Team
from aetui.training.saving import save_checkpoint
from aetui.training.steering import note_changes, take_changes
from aetui.training.steps import take_step
from aetui.training.training import Training


def train(training: Training, control: Control, emit: Emit) -> None:
    """Train a prepared run to its last epoch, or until it gets no better.

    Raises Stopped once a requested stop is saved and Diverged at a loss that is not finite.
    """
    progress = training.progress
    emit(StateChanged(control.running_state))
    if progress.step == 0:
        _measure_floor(training, control, emit)
        _finish_epoch(training, control, emit, None)
    elif progress.batch == 0 and probe_is_due(training) and not is_probed(training):
        probe_now(training, control, emit)

    while progress.batch or _goes_on(training, control, emit):  # an epoch that was begun is trained out
        meter, bundles = Meter(training, emit), Bundles(training)
        training.model.train()
        for pixels, labels in training.batches():
            if training.to_come:
                take_changes(training, emit)
            bundles.begin_step()
            part = training.part(progress.batch)
            losses = take_step(training, pixels, labels, part)
            progress.step += 1
            progress.batch += 1
            meter.add(losses, part.of)
            if not bundles.end_step():
                continue

            meter.add_others()
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
    _test_best(training, control, emit)


def _goes_on(training: Training, control: Control, emit: Emit) -> bool:
    """Whether another epoch is to come; what was changed meanwhile may say so."""
    note_changes(training, control, emit)
    take_changes(training, emit)
    return training.progress.epoch < training.preset.train.epochs and not training.is_flat


def _finish_epoch(training: Training, control: Control, emit: Emit, meter: Meter | None) -> None:
    """Test, report, save, draw, probe. There is no meter before the first step."""
    tested, seconds = _test(training, training.test, control, emit)
    uncropped = None
    if training.uncropped:
        uncropped = _test(training, training.uncropped, control, emit, name="uncropped")[0].loss
    epoch = replace(_count_epoch(training, meter, tested, seconds), uncropped_train_loss=uncropped)
    emit(epoch)
    emit(ActivityChanged(""))
    if meter or not training.preset.train.epochs:
        save_checkpoint(training, control, emit, epoch)
    draw_epoch(training, tested, emit)
    if probe_is_due(training):
        probe_now(training, control, emit)
    do_long_ones(training, control, emit)


def _test_best(training: Training, control: Control, emit: Emit) -> None:
    """What the best epoch's weights are worth on test images that have chosen nothing so far."""
    if training.last_test is None:
        return
    best = training.best() if training.progress.epoch else training.first()
    if best is None:
        emit(Warned("the test images were not looked at: no checkpoint of a best epoch can be read"))
        return
    entry, model = best
    tested, _ = _test(training, training.last_test, control, emit, Team(), model)
    emit(
        BestTested(
            epoch=entry.epoch,
            step=entry.step,
            loss=tested.loss,
            pixels=tested.pixels,
            accuracy=tested.accuracy,
            images=len(training.last_test),
            similarity=tested.similarity,
            detection=tested.detection,
        )
    )
    emit(ActivityChanged(""))


def _test(
    training: Training,
    images: ImageSet,
    control: Control,
    emit: Emit,
    team: Team | None = None,
    model: Model | None = None,
    name: TestSet = "test",
) -> tuple[Evaluation, float]:
    """All of the images, and the seconds that took, pauses left out. Raises Stopped and Diverged.

    Another `model` than the judged one is tested by a team of one: the others do not have it.
    """
    emit(ActivityChanged("testing"))
    began = time.perf_counter()
    training.put_together()
    held_seconds = 0.0

    def between_batches() -> None:
        nonlocal held_seconds
        began = time.perf_counter()
        handle_commands(training, control, emit, between_steps=False)
        held_seconds += time.perf_counter() - began

    model, abnormal = model or training.judged, training.abnormal_among(images)
    team = team or training.team
    tested = evaluate(model, images, training.objective, between_batches, abnormal, team, name)
    if not math.isfinite(tested.loss):
        raise diverged(training)
    return tested, time.perf_counter() - began - held_seconds


def _count_epoch(
    training: Training, meter: Meter | None, tested: Evaluation, test_seconds: float
) -> EpochFinished:
    """Move the progress past the epoch; what the epoch gave."""
    progress = training.progress
    progress.epoch += meter is not None
    event = EpochFinished(
        epoch=progress.epoch,
        step=progress.step,
        train_loss=meter.epoch_loss if meter else None,
        test_loss=tested.loss,
        seconds=progress.epoch_seconds,
        images_per_second=len(training.train) / progress.epoch_seconds if meter else None,
        total_seconds=progress.total_seconds,
        test_seconds=test_seconds,
        best=False,
        train_pixels=meter.epoch_pixels if meter else None,
        test_pixels=tested.pixels,
        test_similarity=tested.similarity,
        test_accuracy=tested.accuracy,
        tested_on=training.tested_on,
        detection=tested.detection,
    )
    if best := progress.epoch > 0 and event.score < progress.best_score:
        progress.best_score = event.score
    progress.batch, progress.loss_sum, progress.pixel_sum, progress.epoch_seconds = 0, 0.0, 0.0, 0.0
    return replace(event, best=best)


def _measure_floor(training: Training, control: Control, emit: Emit) -> None:
    """What a model must beat, on the images, and masks, that it is tested with."""
    model, seed = training.model, training.preset.train.seed
    between = partial(handle_commands, training, control, emit, between_steps=False)
    measure_baselines(training, between, emit)
    if isinstance(model, MaskedAutoencoder) and model.mask_ratio:
        emit(ActivityChanged("measuring the floor"))
        abnormal = training.abnormal_among(training.test)
        emit(floor(model, training.test, seed, training.device, between, abnormal))
