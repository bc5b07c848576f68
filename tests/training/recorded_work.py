"""A CUDA graph as a CPU can have one: operations on tensors, recorded once and done again.

What a graph freezes is frozen here too: numbers of Python, branches, and which tensors are read and written.
What a graph cannot hold, a number that Python wants of a tensor, is refused as CUDA refuses it.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from aetui.training.objective import StepLoss

WAITS = (torch.ops.aten._local_scalar_dense.default, torch.ops.aten.nonzero.default)
"""Operations whose result, or its size, Python has to know."""

UNTOLD = ("running_mean", "running_var")
"""What batch norm writes, though its schema does not say so."""


class _Recording(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.done: list[tuple[Any, tuple[Any, ...], dict[str, Any], Any]] = []
        self.before: list[tuple[torch.Tensor, torch.Tensor]] = []

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        if operation in WAITS:
            raise RuntimeError(f"operation not permitted when stream is capturing: {operation}")
        self._keep_what_is_written(operation, args)
        result = operation(*args, **(kwargs or {}))
        self.done.append((operation, args, kwargs or {}, result))
        return result

    def _keep_what_is_written(self, operation: Any, args: tuple[Any, ...]) -> None:
        for argument, given in zip(operation._schema.arguments, args, strict=False):
            written = argument.alias_info and argument.alias_info.is_write
            if written or argument.name in (
                "running_mean",
                "running_var",
            ):  # batch norm's schema does not say
                self.before += [(tensor, tensor.clone()) for tensor in tree_leaves(given)]


class Recorded:
    """As `torch.cuda.CUDAGraph`."""

    def __init__(self, done: list[tuple[Any, tuple[Any, ...], dict[str, Any], Any]]) -> None:
        self.done = done
        self.replays = 0

    @torch.no_grad()
    def replay(self) -> None:
        self.replays += 1
        for operation, args, kwargs, result in self.done:
            again = operation(*args, **kwargs)
            for held, new in zip(tree_leaves(result), tree_leaves(again), strict=True):
                if isinstance(held, torch.Tensor) and held.data_ptr() != new.data_ptr():
                    held.copy_(new)

    def reset(self) -> None:
        self.done.clear()


def recorded(work: Callable[[], StepLoss]) -> tuple[Recorded, StepLoss]:
    """As `aetui.training.step_graph.recorded`; what the work has written meanwhile is put back."""
    with torch.random.fork_rng([]), _Recording() as recording:
        losses = work()
    with torch.no_grad():
        for written, before in reversed(recording.before):
            written.copy_(before)
    return Recorded(recording.done), losses
