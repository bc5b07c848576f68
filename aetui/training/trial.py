"""Steps on copies, to be measured: nothing of the run changes."""

import contextlib
import copy
from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from aetui.training.checkpoint_file import Progress
from aetui.training.training import Training


@contextlib.contextmanager
def trial_of(training: Training) -> Iterator[Training]:
    """The same training on copies of its model and optimizer; torch's random state is put back at the end."""
    model, optimizer = copy.deepcopy((training.model, training.optimizer))
    model.train()
    with torch.random.fork_rng([training.device] if training.device.type == "cuda" else []):
        yield replace(training, model=model, averaged=None, optimizer=optimizer, progress=Progress())


def some_batch(training: Training) -> tuple[Tensor, Tensor]:
    """The first training images, as many as a batch has, and their labels."""
    size = training.preset.train.batch_size
    return training.train.images[:size], training.train.labels[:size]
