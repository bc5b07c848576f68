"""What every process that trains a run has in memory: the data, the model, its optimizer."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, Self

import torch

from aetui.config.preset import Preset
from aetui.data.abnormal import is_among
from aetui.data.batches import batches, epoch_order
from aetui.data.images import ImageSet
from aetui.data.parts import Part, order_of_rank, part_of_rank
from aetui.training.checkpoint_file import Progress
from aetui.training.model_kinds import Model
from aetui.training.objective import Examples, Objective, StepLoss
from aetui.training.ranks.team import Team


@dataclass(kw_only=True)
class Replica:
    """One rank's own; all ranks have the same weights at the same step. A run alone is rank 0."""

    preset: Preset
    """As it is at this step."""
    device: torch.device
    train: ImageSet
    test: ImageSet
    """What every epoch is tested on, and the best chosen by: the validation images where there are any."""
    last_test: ImageSet | None
    """The test images, where they are looked at once, at the end."""
    uncropped: ImageSet | None
    """Some of the training images, where training sees crops of them, which are easier."""
    model: Model
    averaged: Model | None
    """The running mean of the model's weights, where the preset wants one."""
    optimizer: torch.optim.Optimizer
    objective: Objective
    progress: Progress
    classes: tuple[str, ...]
    abnormal: tuple[int, ...]
    """Classes that only the test images have, and that their errors should tell apart."""
    team: Team = field(default_factory=Team)
    parallel: torch.nn.Module | None = None
    """The model as all ranks train it together, where they do."""
    whole: Model | None = None
    """The judged model's weights of the step `whole_at`, where each rank has a share of them alone."""
    whole_at: int = 0
    graph: "Callable[[Self, Examples], StepLoss] | None" = None
    """What learns instead of `aetui.training.steps.learn`, where steps are captured."""

    @property
    def judged(self) -> Model:
        """The model that is tested, shown and kept: the running mean where there is one."""
        if self.whole:
            assert self.whole_at == self.progress.step, "the weights were not put together at this step"
            return self.whole
        return self.averaged or self.model

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps of it: the state of the model, of its running mean and of the optimizer."""
        averaged = self.averaged.state_dict() if self.averaged else None
        return {
            "model": self.model.state_dict(),
            "averaged": averaged,
            "optimizer": self.optimizer.state_dict(),
        }

    @property
    def steps_per_epoch(self) -> int:
        return -(-len(self.train) // self.preset.train.batch_size)

    def part(self, batch: int) -> Part:
        """Of a batch of this number in an epoch, what this rank learns from."""
        size = self.preset.train.batch_size
        return part_of_rank(min(size, len(self.train) - batch * size), self.team.rank, self.team.size)

    def batches(self) -> Iterator[tuple[torch.Tensor, torch.Tensor | None]]:
        """The batches of the unfinished epoch that are still to come, with labels where they are needed.

        With several ranks each sees its part of them, unless what is learned needs whole batches.
        """
        settings, train, objective = self.preset.train, self.train, self.objective
        size, first = settings.batch_size, self.progress.batch
        order = epoch_order(settings.seed, self.progress.epoch + 1, len(train))
        if not objective.needs_whole_batches:
            order = order_of_rank(order, size, self.team.rank, self.team.size)
            part = part_of_rank(size, self.team.rank, self.team.size)
            size = part.end - part.begin
        pixels = batches(train.images, order, size, first, train.read_ahead)
        if not objective.needs_labels:
            return zip(pixels, repeat(None), strict=False)
        return zip(pixels, batches(train.labels, order, size, first=first), strict=True)

    def abnormal_among(self, images: ImageSet) -> torch.Tensor | None:
        """Which of the images (N,) are of abnormal classes; None where none is."""
        found = is_among(images.labels, self.abnormal)
        return found if found.any() else None
