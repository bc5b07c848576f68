"""The model as all ranks train it together: PyTorch's DistributedDataParallel.

Each rank computes the gradients of its part of a batch, and they are averaged while they are computed (Li et
al., arXiv 2006.15704).
"""

import contextlib
import inspect
from typing import Any, TypeVar

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from aetui.errors import UsageError
from aetui.training.ranks.team import Team

M = TypeVar("M", bound=nn.Module)


IS_NEW = "forward_sync_buffers" in inspect.signature(DistributedDataParallel).parameters
NO_BUFFERS: dict[str, Any] = {"forward_sync_buffers" if IS_NEW else "broadcast_buffers": False}
"""Newer and older PyTorch are told so not to send rank 0's buffers in every step: they are alike."""
TIMED_STEPS = 10
"""Of so many, one is timed."""


class Replicated(DistributedDataParallel):
    """It also answers what an objective asks of the model besides its outputs."""

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(self.module, name)


def replicated(model: nn.Module, device: torch.device) -> Replicated:
    """Rank 0's weights everywhere, and gradients that are averages over ranks from now on.

    The model's batch norms see the whole batch: `torch.nn.SyncBatchNorm`, which computes on GPUs alone.
    """
    on = [device.index] if device.type == "cuda" else None
    # else gradients are laid out anew after the first step, and a resumed run adds them up in another order
    made = Replicated(model, device_ids=on, find_unused_parameters=True, **NO_BUFFERS)
    made._set_ddp_runtime_logging_sample_rate(TIMED_STEPS)  # type: ignore[no-untyped-call]
    return made


def note_times(team: Team, model: nn.Module | None) -> None:
    """What a step of this rank computes, and what it waits for the others' gradients, as PyTorch timed it."""
    if not isinstance(model, Replicated):
        return
    told = model._get_ddp_logging_data()  # type: ignore[no-untyped-call]
    computing = told.get("forward_compute_time", 0) + told.get("backward_compute_time", 0)
    if computing:
        waiting = told.get("backward_comm_time", 0) - told.get("backward_compute_comm_overlap_time", 0)
        team.step_seconds, team.waiting_seconds = computing / 1e9, max(0, waiting) / 1e9


def summed_at(model: nn.Module | None, *, now: bool) -> contextlib.AbstractContextManager[None]:
    """Whether the gradients that are computed within are a step's last, and to be averaged over ranks."""
    if isinstance(model, Replicated) and not now:
        return model.no_sync()
    return contextlib.nullcontext()


def with_wide_batch_norm(model: M, device: torch.device) -> M:
    """The model with batch norms that see the images of all ranks. Raises UsageError where none can."""
    if not any(isinstance(layer, nn.modules.batchnorm._BatchNorm) for layer in model.modules()):
        return model
    if device.type != "cuda":
        raise UsageError(
            "batchnorm needs the whole batch, which PyTorch's SyncBatchNorm gives it on GPUs alone",
            "train with one process, or take another norm than batchnorm",
        )
    converted: M = nn.SyncBatchNorm.convert_sync_batchnorm(model)  # type: ignore[no-untyped-call]
    return converted
