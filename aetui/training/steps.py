"""One optimizer step: gradients in parts and clipped if asked for."""

from itertools import repeat
from typing import Any

import torch
from torch import Tensor, nn

from aetui.config.train import TrainSection
from aetui.errors import UsageError
from aetui.text import plural
from aetui.training.objective import Objective, StepLoss


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


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate


def take_step(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    objective: Objective,
    settings: TrainSection,
    step: int,
    pixels: Tensor,
    labels: Tensor | None,
) -> StepLoss:
    """Learn from a batch (B, C, H, W), uint8, with labels (B,) where the objective needs them.

    `step` is its number. The losses returned stay on the device.
    """
    optimizer.zero_grad(set_to_none=True)
    losses = _backward(model, objective, settings.accumulate, step, pixels, labels)
    if settings.clip_norm:
        nn.utils.clip_grad_norm_(model.parameters(), settings.clip_norm)
    optimizer.step()
    return losses


def _backward(
    model: nn.Module, objective: Objective, parts: int, step: int, pixels: Tensor, labels: Tensor | None
) -> StepLoss:
    """Gradients of the batch's mean loss, computed in so many parts."""
    if parts == 1:
        losses = objective.loss(model, pixels, labels, step)
        losses.trained.backward()  # type: ignore[no-untyped-call]
        return losses
    trained, reported = [], []
    labels_of = repeat(None) if labels is None else labels.chunk(parts)
    for number, (part, names) in enumerate(zip(pixels.chunk(parts), labels_of, strict=False)):
        losses = objective.loss(model, part, names, step, number)
        share = len(part) / len(pixels)
        (losses.trained * share).backward()  # type: ignore[no-untyped-call]
        trained.append(losses.trained.detach() * share)
        reported.append(losses.reported.detach() * share)
    return StepLoss(torch.stack(trained).sum(), torch.stack(reported).sum())
