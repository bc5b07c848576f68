"""The running loss and speed of an epoch, fetched from the device a few times a second."""

import math
import time

import torch

from aetui.config.schedule import learning_rate
from aetui.errors import EXIT_DIVERGED, AetuiError
from aetui.runs.events import Emit, StepsTrained
from aetui.training.objective import StepLoss
from aetui.training.training import Training

TICK_SECONDS = 0.5
"""How often the numbers of the steps are merged into an event, at first."""
LONGEST_TICK_SECONDS, TICKS = 6.0, 4000
"""Later as often as there are so many in the time trained so far: the log of a week stays below 60 MB."""


class Diverged(AetuiError):
    """The loss is no longer a finite number."""

    exit_code = EXIT_DIVERGED


class LossSums:
    """Sums over images, added up on the device: of their losses and of their errors in pixels."""

    def __init__(self, device: torch.device, losses: float = 0.0, pixels: float = 0.0) -> None:
        wide = torch.float32 if device.type == "mps" else torch.float64
        self.values = torch.tensor([losses, pixels], dtype=wide, device=device)
        self._losses, self._pixels = self.values.unbind()

    def add(self, losses: StepLoss, images: int) -> None:
        """Count a batch with its mean losses, scalars on the device."""
        self._losses.add_(losses.told, alpha=images)
        if losses.pixels is not None:
            self._pixels.add_(losses.pixels, alpha=images)


class Meter:
    """The running loss and speed of an epoch. Losses add up on the device; `report` fetches them."""

    def __init__(self, training: Training, emit: Emit) -> None:
        progress = training.progress
        self._training, self._emit = training, emit
        self._sums = LossSums(training.device, progress.loss_sum, progress.pixel_sum)
        self._images = min(progress.batch * training.preset.train.batch_size, len(training.train))
        self._reported_images = self._images
        self._since = time.perf_counter()
        self._with_pixels = training.objective.tells_pixels(training.model)

    @property
    def epoch_loss(self) -> float:
        """Mean over the epoch's images so far, as of the last report."""
        return self._training.progress.loss_sum / self._images

    @property
    def epoch_pixels(self) -> float | None:
        """The same of the mean squared error in pixels, where the loss measures something else."""
        return self._training.progress.pixel_sum / self._images if self._with_pixels else None

    def add(self, losses: StepLoss, images: int) -> None:
        """Count a batch with its mean losses, scalars on the device."""
        self._sums.add(losses, images)
        self._images += images

    def add_others(self) -> None:
        """Have what the other ranks' parts of the batches lost, which they send now."""
        others = torch.zeros_like(self._sums.values)
        self._training.team.add_up(others)
        self._sums.values.add_(others)

    def due(self) -> bool:
        return time.perf_counter() - self._since > tick_seconds(self._training.progress.total_seconds)

    def go_on(self) -> None:
        """Leave out the time since the last report."""
        self._since = time.perf_counter()

    def report(self) -> None:
        """Wait for the device, move the progress and say so. Raises Diverged."""
        progress = self._training.progress
        before = progress.loss_sum
        progress.loss_sum, pixels = self._sums.values.tolist()
        if self._with_pixels:
            progress.pixel_sum = pixels
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
            learning_rate=learning_rate(
                self._training.preset.train, self._training.steps_per_epoch, progress.step - 1
            ),
        )
        self._emit(event)
        if not math.isfinite(progress.loss_sum + progress.pixel_sum):
            raise diverged(self._training)


def tick_seconds(trained: float) -> float:
    """Until the next report, after so many seconds of training."""
    return max(TICK_SECONDS, min(LONGEST_TICK_SECONDS, trained / TICKS))


def diverged(training: Training) -> Diverged:
    smaller = f"train.learning_rate={training.preset.train.peak_learning_rate / 10:g}"
    return Diverged(
        f"The loss is no longer a finite number, at or before step {training.progress.step}",
        f"go on from the last checkpoint with `aetui resume {training.folder.called} --set {smaller}`",
    )
