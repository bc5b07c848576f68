"""The training loop: one function to read from top to bottom, and the named things it does."""

import math
import shutil
import time
from collections.abc import Iterator

import torch

from aetui.data.batches import batches, epoch_order
from aetui.errors import EXIT_DIVERGED, AetuiError
from aetui.runs import states
from aetui.runs.events import (
    ActivityChanged,
    CheckpointSaved,
    Emit,
    EpochFinished,
    PreviewSaved,
    SampleChoice,
    StateChanged,
    StepsTrained,
    Warned,
)
from aetui.text import format_bytes
from aetui.training.control import Control, Stopped
from aetui.training.evaluation import Evaluation, Pictures, evaluate, look
from aetui.training.previews import places_of, save_preview
from aetui.training.training import Training

TICK_SECONDS = 0.5
"""How often the numbers of the steps are merged into an event."""


class Diverged(AetuiError):
    """The loss is no longer a finite number."""

    exit_code = EXIT_DIVERGED


def train(training: Training, control: Control, emit: Emit) -> None:
    """Train a prepared run to its last epoch.

    Raises Stopped once a wished stop is saved and Diverged at a loss that is not finite.
    """
    preset, progress = training.preset.train, training.progress
    emit(StateChanged(_running(control)))
    if progress.step == 0:
        _test(training, control, emit, train_loss=None)

    while progress.epoch < preset.epochs:
        meter = Meter(training, emit)
        training.model.train()
        for pixels in _epoch(training):
            training.optimizer.zero_grad(set_to_none=True)
            loss = training.objective.loss(training.model, pixels, progress.step)
            loss.backward()  # type: ignore[no-untyped-call]
            training.optimizer.step()
            progress.step += 1
            progress.batch += 1
            meter.add(loss, len(pixels))

            # once in a while: numbers for people; this waits for the device
            if meter.due():
                meter.report()
            # rarely: somebody wants something
            if control.pending:
                meter.report()
                _obey(training, control, emit)
                meter.go_on()

        meter.report()
        _test(training, control, emit, train_loss=meter.epoch_loss)


class Meter:
    """The running loss and speed of an epoch. Losses add up on the device; `report` fetches them."""

    def __init__(self, training: Training, emit: Emit) -> None:
        progress = training.progress
        wide = torch.float32 if training.device.type == "mps" else torch.float64
        self._training, self._emit = training, emit
        self._sum = torch.full((), progress.loss_sum, dtype=wide, device=training.device)
        self._images = min(progress.batch * training.preset.train.batch_size, len(training.train))
        self._reported_images = self._images
        self._since = time.perf_counter()

    @property
    def epoch_loss(self) -> float:
        """Mean over the epoch's images so far, as of the last report."""
        return self._training.progress.loss_sum / self._images

    def add(self, loss: torch.Tensor, images: int) -> None:
        """Count a batch with its mean loss, a scalar on the device."""
        self._sum.add_(loss.detach(), alpha=images)
        self._images += images

    def due(self) -> bool:
        return time.perf_counter() - self._since > TICK_SECONDS

    def go_on(self) -> None:
        """Leave out the time since the last report."""
        self._since = time.perf_counter()

    def report(self) -> None:
        """Wait for the device, move the progress and say so. Raises Diverged."""
        progress = self._training.progress
        before, progress.loss_sum = progress.loss_sum, self._sum.item()
        now = time.perf_counter()
        images, seconds = self._images - self._reported_images, now - self._since
        progress.epoch_seconds += seconds
        progress.total_seconds += seconds
        self._since, self._reported_images = now, self._images
        if images == 0:
            return
        event = StepsTrained(
            epoch=progress.epoch + 1,
            step=progress.step,
            train_loss=(progress.loss_sum - before) / images,
            epoch_train_loss=self.epoch_loss,
            images=images,
            images_per_second=images / seconds,
            seconds=progress.total_seconds,
        )
        self._emit(event)
        if not math.isfinite(progress.loss_sum):
            raise _diverged(self._training)


def _epoch(training: Training) -> Iterator[torch.Tensor]:
    """The batches of the unfinished epoch that are still to come."""
    progress, preset = training.progress, training.preset.train
    order = epoch_order(preset.seed, progress.epoch + 1, len(training.train))
    return batches(training.train.images, order, preset.batch_size, first=progress.batch)


def _test(training: Training, control: Control, emit: Emit, train_loss: float | None) -> None:
    """Finish the epoch: test, tell, save, draw. `train_loss` is None before the first step."""
    progress = training.progress
    emit(ActivityChanged("testing"))
    began = time.perf_counter()
    held_seconds = 0.0

    def between_batches() -> None:
        nonlocal held_seconds
        began = time.perf_counter()
        _obey(training, control, emit)
        held_seconds += time.perf_counter() - began

    tested = evaluate(training.model, training.test, training.objective, between_batches)
    loss = tested.loss
    if not math.isfinite(loss):
        raise _diverged(training)
    images_per_second = len(training.train) / progress.epoch_seconds if train_loss is not None else None
    progress.epoch += train_loss is not None
    best = progress.epoch > 0 and loss < progress.best_test_loss
    event = EpochFinished(
        epoch=progress.epoch,
        step=progress.step,
        train_loss=train_loss,
        test_loss=loss,
        seconds=progress.epoch_seconds,
        images_per_second=images_per_second,
        total_seconds=progress.total_seconds,
        test_seconds=time.perf_counter() - began - held_seconds,
        best=best,
    )
    if best:
        progress.best_test_loss = loss
    progress.batch, progress.loss_sum, progress.epoch_seconds = 0, 0.0, 0.0
    emit(event)
    emit(ActivityChanged(""))
    if train_loss is not None:
        _save(training, control, emit, loss)
    _draw_epoch(training, tested, emit)


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
    _draw(training, emit, "fixed", tested.fixed, f"{name}.png")
    _draw(training, emit, "worst", tested.worst, f"{name}_worst.png")
    _draw(training, emit, "best", tested.best, f"{name}_best.png")


def _draw(training: Training, emit: Emit, samples: SampleChoice, pictures: Pictures, name: str) -> None:
    progress, path = training.progress, training.folder.previews / name
    ranks = (None, None) if samples == "fixed" else (training.places, training.places_before)
    try:
        save_preview(path, samples, pictures, training.test, training.classes, *ranks)
    except OSError as error:
        emit(Warned(f"the pictures of epoch {progress.epoch} cannot be written: {error.strerror}"))
    else:
        emit(PreviewSaved(progress.epoch, name, progress.step, samples))


def _obey(training: Training, control: Control, emit: Emit) -> None:
    """Do what is wished for, between two batches. Raises Stopped."""
    while control.pending:
        control.heard()
        if control.take_checkpoint() or control.stopping:
            _save(training, control, emit, None)
        if control.take_preview():
            pictures = look(training.model, training.test, training.objective)
            _draw(training, emit, "fixed", pictures, f"step_{training.progress.step:08d}.png")
        if control.stopping:
            raise Stopped
        emit(StateChanged(states.PAUSED if control.paused else _running(control)))
        if control.paused:
            control.wait()


def _running(control: Control) -> str:
    return states.DETACHED if control.detached else states.RUNNING


def _diverged(training: Training) -> Diverged:
    smaller = f"train.learning_rate={training.preset.train.learning_rate / 10:g}"
    return Diverged(
        f"The loss is no longer a finite number, at or before step {training.progress.step}",
        f"go on from the last checkpoint with `aetui resume {training.folder.name} --set {smaller}`",
    )
