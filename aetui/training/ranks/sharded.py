"""A model of which every rank keeps a share: PyTorch's FSDP2, https://docs.pytorch.org/docs/stable/distributed.fsdp.fully_shard.html.

Weights, gradients and the optimizer's moments lie where their share is, and a block's weights are whole on a
device only while it is computed (Rajbhandari et al., arXiv 1910.02054; Zhao et al., arXiv 2304.11277). What
tests, shows or saves has whole weights, which all ranks put together at the same time.
"""

import copy
from typing import Any

import torch
from torch import nn
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, distribute_tensor

from aetui.models.transformer import Block
from aetui.training.optimizer import optimizer_of
from aetui.training.replica import Replica


def share_out(replica: Replica) -> None:
    """Have this rank keep its share of the model on its device; it was whole, and alike on all ranks.

    They all call it at the same time. `whole` is then a copy for what needs whole weights.
    """
    replica.whole = copy.deepcopy(replica.judged).to(replica.device)
    replica.whole_at = replica.progress.step
    moments = replica.optimizer.state_dict()["state"]
    mesh = init_device_mesh(replica.device.type, (replica.team.size,))
    for model in filter(None, (replica.model, replica.averaged)):
        _shard(model, mesh)
    replica.optimizer = optimizer_of(replica.preset, replica.model)
    for group in replica.optimizer.param_groups:
        group["lr"] = float(group["lr"])  # what reads a tensor, a captured step, is of one process
    _restore_shares(replica.optimizer, moments)
    replica.parallel = replica.model


def _shard(model: nn.Module, mesh: DeviceMesh) -> None:
    """Each block by itself, and what is outside of them, which is whole during a step."""
    for block in [part for part in model.modules() if isinstance(part, Block)]:
        fully_shard(block, mesh=mesh)
    fully_shard(model, mesh=mesh)


def _restore_shares(optimizer: torch.optim.Optimizer, moments: dict[int, dict[str, Any]]) -> None:
    """Put this rank's share of whole moments into an optimizer of shares."""
    state = optimizer.state_dict()
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    shares = {
        number: {name: _share(value, weights[number]) for name, value in of_weight.items()}
        for number, of_weight in moments.items()
    }
    optimizer.load_state_dict(state | {"state": shares})


def _share(value: torch.Tensor, weight: DTensor) -> torch.Tensor:
    """Of a moment, which is as large as its weight; the number of steps is every rank's."""
    if not value.ndim:
        return value
    local = value.to(weight.device)
    return distribute_tensor(local, weight.device_mesh, weight.placements, src_data_rank=None)


def put_together(replica: Replica) -> None:
    """Have the weights of this step in `whole`. All ranks call it at the same time."""
    assert replica.whole, "the weights are shared out"
    shares = (replica.averaged or replica.model).state_dict()
    for name, value in replica.whole.state_dict().items():  # without a gradient, as all of a state dict
        value.copy_(_whole(shares[name]))
    replica.whole_at = replica.progress.step


def whole_state(replica: Replica) -> dict[str, Any]:
    """The state of a replica, at rank 0 with whole tensors on its CPU. All ranks call it at the same time."""
    state: dict[str, Any] = _with_whole(replica.state(), kept=replica.team.rank == 0)
    return state


def _with_whole(state: Any, *, kept: bool) -> Any:
    """A state with whole tensors instead of shares; where they are not kept, without them."""
    if isinstance(state, dict):
        return {key: _with_whole(value, kept=kept) for key, value in state.items()}
    if isinstance(state, DTensor):
        whole = _whole(state)
        return whole.to("cpu", copy=True) if kept else None  # it may lie in a larger piece of memory
    return state


def _whole(value: torch.Tensor) -> torch.Tensor:
    return value.full_tensor() if isinstance(value, DTensor) else value
