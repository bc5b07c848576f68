"""A chain of the layer language as PyTorch modules."""

from collections.abc import Sequence

from torch import nn

from aetui.shapes.chain import trace
from aetui.shapes.layers import Layer
from aetui.shapes.sizes import Size


def build_chain(size: Size, layers: Sequence[Layer]) -> nn.Sequential:
    """One module of `torch.nn` a layer, with PyTorch's default initialisation, in order.

    It takes batches (N, *size). The chain is traced first, so a layer that does not fit raises `ShapeError`
    before any memory is taken.
    """
    return nn.Sequential(*(_module(row.layer, row.input) for row in trace(size, layers)))


def _module(layer: Layer, size: Size) -> nn.Module:
    call = layer.torch(size)
    module: nn.Module = getattr(nn, call.name)(*call.args, **dict(call.kwargs))
    return module
