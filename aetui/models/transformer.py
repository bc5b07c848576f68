"""The blocks of a vision transformer: Dosovitskiy et al., "An Image is Worth 16x16 Words" (arXiv 2010.11929).

Names and shapes of the parameters are those of timm's blocks, in which published weights are kept.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from torchvision.ops import StochasticDepth

from aetui.shapes.vit import MLP_RATIO, VitSize

NORM_EPSILON = 1e-6
"""Added to the variance in every layer norm, as in facebookresearch/mae."""


class Attention(nn.Module):
    """Multi-head self-attention over tokens (N, T, D)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (N, T, D) to (N, T, D)."""
        heads = self.qkv(tokens).unflatten(2, (3, self.heads, -1))  # (N, T, 3, heads, D / heads)
        query, key, value = heads.permute(2, 0, 3, 1, 4)
        attended: Tensor = F.scaled_dot_product_attention(query, key, value)  # (N, heads, T, D / heads)
        mixed: Tensor = self.proj(attended.transpose(1, 2).flatten(2))
        return mixed


class Mlp(nn.Module):
    """Two linear layers with a GELU between them, on each token alone."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, MLP_RATIO * width)
        self.fc2 = nn.Linear(MLP_RATIO * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (N, T, D) to (N, T, D)."""
        output: Tensor = self.fc2(F.gelu(self.fc1(tokens)))
        return output


class Block(nn.Module):
    """Attention, then the MLP, each behind a layer norm and added to what came in."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = layer_norm(width)
        self.attn = Attention(width, heads)
        self.norm2 = layer_norm(width)
        self.mlp = Mlp(width)
        self.drop_path: nn.Module = nn.Identity()
        self.is_recomputed = False

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (N, T, D) to (N, T, D)."""
        if self.is_recomputed and torch.is_grad_enabled():
            output: Tensor = checkpoint(self._compute, tokens, use_reentrant=False)
            return output
        return self._compute(tokens)

    def _compute(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.drop_path(self.attn(self.norm1(tokens)))
        output: Tensor = tokens + self.drop_path(self.mlp(self.norm2(tokens)))
        return output


def blocks(size: VitSize) -> nn.Sequential:
    """`depth` blocks, one after the other, named 0, 1, 2…"""
    return nn.Sequential(*(Block(size.width, size.heads) for _ in range(size.depth)))


def drop_paths(blocks: nn.Sequential, rate: float) -> None:
    """Let images skip parts of the blocks in training: the last with probability `rate`, the first never.

    The probability grows linearly in between, as in timm and in the fine-tuning of facebookresearch/mae.
    """
    for number, block in enumerate(blocks):
        block.drop_path = StochasticDepth(rate * number / max(1, len(blocks) - 1), "row")


def recompute_blocks(model: nn.Module) -> None:
    """Have blocks keep what came in alone, and compute the rest once more for their gradients.

    Chen et al., "Training Deep Nets with Sublinear Memory Cost" (arXiv 1604.06174).
    """
    for part in model.modules():
        if isinstance(part, Block):
            part.is_recomputed = True


def layer_norm(width: int) -> nn.LayerNorm:
    """Layer norm over the width, with mae's epsilon."""
    return nn.LayerNorm(width, eps=NORM_EPSILON)


def init_linear(module: nn.Module) -> None:
    """Xavier-uniform weights and zero biases for a linear layer, as in facebookresearch/mae."""
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)
