"""The optimizer of a run, and the batches that it cannot learn from."""

from typing import Any

import torch
from torch import nn

from aetui.config.train import TrainSection
from aetui.errors import UsageError
from aetui.text import plural


def make_optimizer(model: nn.Module, settings: TrainSection) -> torch.optim.Optimizer:
    """Adam or AdamW over all weights; biases and norms, which are vectors, do not decay (as in mae)."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    groups: list[dict[str, Any]] = [{"params": weights}]
    if settings.weight_decay:
        vectors = [weight for weight in weights if weight.ndim <= 1]
        groups = [
            {"params": [weight for weight in weights if weight.ndim > 1]},
            {"params": vectors, "weight_decay": 0.0},
        ]
    kind = torch.optim.AdamW if settings.optimizer == "adamw" else torch.optim.Adam
    return kind(
        groups,
        lr=settings.peak_learning_rate,
        betas=settings.betas,
        weight_decay=settings.weight_decay,
        fused=True,
    )


def check_smallest_part(model: nn.Module, images: int, settings: TrainSection) -> None:
    """Batch norm over flat features has no deviation of one image. Raises UsageError where one would come."""
    if not any(isinstance(layer, nn.BatchNorm1d) for layer in model.modules()):
        return
    for batch in {min(settings.batch_size, images), images % settings.batch_size} - {0}:
        if torch.arange(batch).chunk(settings.accumulate)[-1].numel() == 1:
            ends = "ends in one" if batch > 1 else "is one"
            raise UsageError(
                f"batchnorm cannot learn from one image, and a batch of {plural(batch, 'image')} {ends}",
                f"choose another train.batch_size than {settings.batch_size} or train.accumulate",
            )
