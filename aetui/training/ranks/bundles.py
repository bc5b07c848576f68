"""Steps that are ordered together, so that ranks talk a few times a second and not once a step."""

import time

import torch

from aetui.training.ranks.orders import Steps
from aetui.training.ranks.replicated import note_times
from aetui.training.training import Training

BUNDLE_SECONDS = 0.25
"""Of steps; a command waits as long at most."""


class Bundles:
    """Rank 0's count of the steps that are under way. Alone, every step is a bundle of its own."""

    def __init__(self, training: Training) -> None:
        self._training = training
        self._count = self._left = 0
        self._began = 0.0

    def begin_step(self) -> None:
        """Order the next steps, where none is under way: to the epoch's end or the next change at most."""
        training, progress = self._training, self._training.progress
        if training.team.is_alone or self._left:
            return
        most = training.steps_per_epoch - progress.batch
        if training.to_come:
            most = min(most, training.to_come[0].step - progress.step)
        self._count = self._left = min(self._fitting(), most)
        self._began = time.perf_counter()
        training.team.order(Steps(self._left, progress.epoch, progress.batch, progress.step))

    def end_step(self) -> bool:
        """Whether all ranks are between two orders, and what they learned from can be added up."""
        self._left = max(0, self._left - 1)
        if self._left == 0:
            note_times(self._training.team, self._training.parallel)
        return self._left == 0

    def _fitting(self) -> int:
        """By the bundle before; twice as many at most."""
        if not self._count:
            return 1
        if self._training.device.type == "cuda":
            torch.cuda.synchronize(self._training.device)
        seconds = (time.perf_counter() - self._began) / self._count
        return max(1, min(2 * self._count, int(BUNDLE_SECONDS / seconds)))
