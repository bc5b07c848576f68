"""A replica whose team is one rank with a line to itself: all of several but the others."""

import contextlib
from collections.abc import Iterator

import torch
import torch.distributed as dist

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.data.generated import shapes
from aetui.training.assembling import assembled
from aetui.training.ranks.team import Team
from aetui.training.replica import Replica
from aetui.training.steps import take_step

IMAGES = shapes(train=64, test=32)
CHANGES = ("train.ema=0.9", "train.clip_norm=0.5", "train.accumulate=2", "train.batch_size=32")


@contextlib.contextmanager
def line_to_itself(backend: str) -> Iterator[None]:
    dist.init_process_group(backend, store=dist.HashStore(), rank=0, world_size=1)
    try:
        yield
    finally:
        dist.destroy_process_group()


def replica(device: str, *changes: str) -> Replica:
    """At its first step, the same each time."""
    preset = read_preset(find_preset("shapes-vit-mae"), (*CHANGES, *changes))
    return Replica(**assembled(preset, IMAGES, torch.device(device), Team(), begun=False, bf16=False))


def train(replica: Replica, steps: int) -> list[float]:
    """The losses of so many steps, all on the same images."""
    replica.model.train()
    losses = []
    for _ in range(steps):
        losses.append(take_step(replica, replica.train.images[:32], None).told.item())
        replica.progress.step += 1
    return losses
