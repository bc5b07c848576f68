"""Steps on copies, to be measured: nothing of the run changes."""

import contextlib
import copy
import time
from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor

from aetui.training.checkpoint_file import Progress
from aetui.training.ranks.team import Team
from aetui.training.steps import take_step
from aetui.training.training import Training

WINDOW_SECONDS = 0.1
"""How long steps are taken to see how fast they are; at least one."""
WORTH = 1.1
"""What costs something, as more threads or memory, must be so many times as fast to be taken."""
MOST_COPIED = 20_000_000
"""Weights of a model that is copied to be measured. Steps of a larger one keep threads or GPU at work."""


@contextlib.contextmanager
def trial_of(training: Training) -> Iterator[Training]:
    """The same training on copies of its model and optimizer; torch's random state is put back at the end."""
    model, optimizer = copy.deepcopy((training.model, training.optimizer))
    model.train()
    with torch.random.fork_rng([training.device] if training.device.type == "cuda" else []):
        yield replace(
            training,
            model=model,
            averaged=None,
            optimizer=optimizer,
            progress=Progress(),
            graph=None,
            team=Team(),
            parallel=None,
        )


def some_batch(training: Training) -> tuple[Tensor, Tensor]:
    """The first training images, as many as a batch has, and their labels."""
    size = training.preset.train.batch_size
    return training.train.images[:size], training.train.labels[:size]


def seconds_a_step(trial: Training, warm_up_steps: int) -> float:
    """The mean over some steps, after others that make buffers and wake threads."""
    batch = some_batch(trial)
    _seconds_of(trial, batch, warm_up_steps)
    once = _seconds_of(trial, batch, 1)
    steps = int(WINDOW_SECONDS / once)
    return _seconds_of(trial, batch, steps) / steps if steps > 1 else once


def _seconds_of(trial: Training, batch: tuple[Tensor, Tensor], steps: int) -> float:
    """Until the device has done so many steps."""
    began = time.perf_counter()
    for _ in range(steps):
        losses = take_step(trial, *batch)
    losses.told.item()
    return time.perf_counter() - began
