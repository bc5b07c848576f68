"""The training loop: one function to read from top to bottom, and the named things it does."""

import math
import shutil
import time
from collections.abc import Iterator
from itertools import repeat

import torch

from aetui.data.batches import batches, epoch_order
from aetui.errors import AetuiError
from aetui.runs import states
from aetui.runs.events import (
    ActivityChanged,
    CheckpointSaved,
    Emit,
    EpochFinished,
    FloorMeasured,
    PreviewSaved,
    ProbeMeasured,
    SampleChoice,
    StateChanged,
    Warned,
)
from aetui.runs.report import read_history
from aetui.text import format_bytes
from aetui.training.control import Control, Stopped
from aetui.training.evaluation import Evaluation, Pictures, evaluate, look
from aetui.training.floor import floor
from aetui.training.meter import Meter, diverged
from aetui.training.previews import places_of, save_preview
from aetui.training.probe import probe
from aetui.training.steps import take_step
from aetui.training.training import Training

PROBED_IMAGES = 10_000
"""Train images that a probe during training learns from; `aetui probe` takes more."""


def train(training: Training, control: Control, emit: Emit) -> None:
    """Train a prepared run to its last epoch.

    Raises Stopped once a wished stop is saved and Diverged at a loss that is not finite.
    """
    preset, progress = training.preset.train, training.progress
    emit(StateChanged(_running(control)))
    if progress.step == 0:
        _measure_floor(training, control, emit)
        _finish_epoch(training, control, emit, None)
    elif progress.batch == 0 and _probe_due(training) and not _is_probed(training):
        _probe(training, control, emit)

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
                _obey(training, control, emit)
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
    """Test, tell, save, draw, probe. There is no meter before the first step."""
    tested, seconds = _test(training, control, emit)
    emit(_count_epoch(training, meter, tested, seconds))
    emit(ActivityChanged(""))
    if meter:
        _save(training, control, emit, tested.loss)
    _draw_epoch(training, tested, emit)
    if control.take_probe() or _probe_due(training):
        _probe(training, control, emit)


def _test(training: Training, control: Control, emit: Emit) -> tuple[Evaluation, float]:
    """The whole test set, and the seconds that took, pauses left out. Raises Stopped and Diverged."""
    emit(ActivityChanged("testing"))
    began = time.perf_counter()
    held_seconds = 0.0

    def between_batches() -> None:
        nonlocal held_seconds
        began = time.perf_counter()
        _obey(training, control, emit, may_probe=False)
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


def _probe_due(training: Training) -> bool:
    """Where there is nothing to tell apart, only before the first epoch, to have it said once."""
    every, epoch = training.preset.probe.every, training.progress.epoch
    return every > 0 and epoch % every == 0 and (len(training.classes) > 1 or epoch == 0)


def _is_probed(training: Training) -> bool:
    """Whether this moment's probe was measured before the run was left; it comes behind the checkpoint."""
    history, _ = read_history(training.folder)
    return any(probe.step == training.progress.step for probe in history.probes)


def _measure_floor(training: Training, control: Control, emit: Emit) -> None:
    """What a masked model must beat, on the masks that it is tested with."""
    preset = training.preset
    mask, seed = preset.mask, preset.train.seed
    if preset.model.kind == "mae" and mask and mask.ratio:
        emit(ActivityChanged("measuring the floor"))

        def between() -> None:
            _obey(training, control, emit, may_probe=False)

        loss = floor(training.test, mask.patch, mask.ratio, seed, training.device, between)
        emit(FloorMeasured(loss))


def _probe(training: Training, control: Control, emit: Emit) -> None:
    """Measure what the encoder's frozen features are worth."""
    progress = training.progress
    if len(training.classes) < 2:
        control.take_probe()
        emit(Warned("there is nothing to probe: the images are all of one class"))
        return
    emit(ActivityChanged("probing the features"))
    found = probe(
        training.model,
        training.train,
        training.test,
        len(training.classes),
        training.device,
        lambda: _obey(training, control, emit, may_probe=False),
        PROBED_IMAGES,
    )
    emit(
        ProbeMeasured(
            progress.epoch,
            progress.step,
            found.linear_accuracy,
            found.knn_accuracy,
            found.seconds,
            progress.total_seconds,
        )
    )
    control.take_probe()
    emit(ActivityChanged(""))


def _save(training: Training, control: Control, emit: Emit, loss: float | None) -> None:
    """Write a checkpoint; where the disk refuses, pause until somebody has made room."""
    while True:
        try:
            entry = training.save(loss)
        except OSError as error:
            free = format_bytes(shutil.disk_usage(training.folder.path).free)
            place = f"{training.folder.checkpoints} ({free} free)"
            reason = f"the checkpoint cannot be written to {place}: {error.strerror}"
            if control.stopping:
                raise AetuiError(f"Stopped without a last checkpoint: {reason}") from None
            control.pause()
            emit(StateChanged(states.PAUSED, f"{reason}; make room, then resume to try again"))
            control.wait_while_paused()
            emit(StateChanged(_running(control)))
            continue
        best = training.checkpoints.best
        emit(
            CheckpointSaved(
                **entry.model_dump(exclude={"test_loss"}), best=best is not None and best.file == entry.file
            )
        )
        return


def _draw_epoch(training: Training, tested: Evaluation, emit: Emit) -> None:
    """Write the pictures of the test: the fixed samples, the worst and the best."""
    places, training.places_before = places_of(tested.errors), training.places
    training.places = places
    name = f"epoch_{training.progress.epoch:04d}"
    _draw(training, emit, "fixed", tested.fixed, f"{name}.png", tested.predicted)
    _draw(training, emit, "worst", tested.worst, f"{name}_worst.png", tested.predicted)
    _draw(training, emit, "best", tested.best, f"{name}_best.png", tested.predicted)


def _draw(
    training: Training,
    emit: Emit,
    samples: SampleChoice,
    pictures: Pictures,
    name: str,
    predicted: torch.Tensor | None = None,
) -> None:
    progress, path = training.progress, training.folder.previews / name
    ranks = (None, None) if samples == "fixed" else (training.places, training.places_before)
    try:
        save_preview(path, samples, pictures, training.test, training.classes, *ranks, predicted)
    except OSError as error:
        emit(Warned(f"the pictures of epoch {progress.epoch} cannot be written: {error.strerror}"))
    else:
        emit(PreviewSaved(progress.epoch, name, progress.step, samples))


def _obey(training: Training, control: Control, emit: Emit, *, may_probe: bool = True) -> None:
    """Do what is wished for, between two batches. Raises Stopped.

    A probe wished for during a test waits for its end, and one during a probe is that probe.
    """
    while control.pending:
        control.heard()
        if control.take_checkpoint() or control.stopping:
            _save(training, control, emit, None)
        if control.take_preview():
            pictures = look(training.model, training.test, training.objective)
            _draw(training, emit, "fixed", pictures, f"step_{training.progress.step:08d}.png")
        if may_probe and control.take_probe():
            _probe(training, control, emit)
        if control.stopping:
            raise Stopped
        emit(StateChanged(states.PAUSED if control.paused else _running(control)))
        if control.paused:
            control.wait()


def _running(control: Control) -> str:
    return states.DETACHED if control.detached else states.RUNNING
