"""The processes that train one run together, and what goes between them.

Rank 0 leads: it alone has the run's folder, and tells the others what to do by orders, many steps at once.
Orders go over a group of their own that waits for ever, since a run may be paused for days.
"""

import os
import socket
from datetime import timedelta
from typing import Any, TypeVar

import torch.distributed as dist
from torch import Tensor

from aetui.config.train import TrainSection
from aetui.devices.available import Device
from aetui.devices.machine import MachineSampled
from aetui.errors import EXIT_DONE
from aetui.runs.ranks import Rank
from aetui.training.ranks.orders import End, Order
from aetui.training.ranks.roll import Roll

T = TypeVar("T")
FOR_EVER = timedelta(days=365)


def is_shared_out(settings: TrainSection, team: "Team") -> bool:
    """Whether each rank is to have a share of the weights alone; one process has them all."""
    return settings.shard and not team.is_alone


class Team:
    """This process among `size` of them; alone, it is the first of one, and nothing is sent."""

    def __init__(self, rank: int = 0, size: int = 1, roll: Roll | None = None) -> None:
        self.rank = rank
        self.size = size
        self.roll = roll
        self.device: Device | None = None
        """Once it is chosen."""
        self.step_seconds: float | None = None
        self.waiting_seconds: float | None = None
        """As `Rank` has them."""
        self._orders: Any = dist.new_group(backend="gloo", timeout=FOR_EVER) if size > 1 else None

    @property
    def is_alone(self) -> bool:
        return self.size == 1

    def sample(self, machine: MachineSampled) -> Rank:
        """This rank, on a machine that was just looked at."""
        on_gpu = self.device is not None and self.device.uuid is not None
        return Rank(
            rank=self.rank,
            host=socket.gethostname(),
            pid=os.getpid(),
            device=self.device.title if self.device else "",
            on_gpu=on_gpu,
            percent=machine.gpu_percent if on_gpu else machine.process_cpu_percent,
            memory_used_bytes=machine.gpu_memory_used_bytes if on_gpu else machine.process_memory_bytes,
            memory_total_bytes=machine.gpu_memory_total_bytes if on_gpu else machine.memory_total_bytes,
            step_seconds=self.step_seconds,
            waiting_seconds=self.waiting_seconds,
        )

    def order(self, order: Order) -> None:
        """Tell the other ranks what to do next. Only rank 0 does."""
        if self._orders:
            dist.broadcast_object_list([order], src=0, group=self._orders)

    def dismiss(self, code: int = EXIT_DONE) -> None:
        """Tell the other ranks that there is no more to do, and with which code this one exits, and leave."""
        self.order(End(code))
        self.leave()

    def leave(self) -> None:
        """Let go of the lines to the others, in good order."""
        if not self.is_alone:
            dist.destroy_process_group()

    def next_order(self) -> Order:
        """Wait, for ever if need be, for what rank 0 wants."""
        told: list[Order | None] = [None]
        dist.broadcast_object_list(told, src=0, group=self._orders)
        assert told[0] is not None
        return told[0]

    def add_up(self, sums: Tensor) -> None:
        """Have the sums of all ranks, in place, at rank 0; what the others keep means nothing."""
        if not self.is_alone:
            dist.reduce(sums, dst=0)

    def hand_in(self, found: T) -> list[T]:
        """What all ranks found, in their order, at rank 0; nothing at the others."""
        if not self._orders:
            return [found]
        handed_in: list[T | None] | None = [None] * self.size if self.rank == 0 else None
        dist.gather_object(found, handed_in, dst=0, group=self._orders)
        return [one for one in handed_in or () if one is not None]
