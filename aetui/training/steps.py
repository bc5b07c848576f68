"""One optimizer step: the learning rate of the moment, gradients in parts and clipped if asked for."""

from itertools import repeat
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from aetui.config.schedule import learning_rate
from aetui.config.train import TrainSection
from aetui.errors import UsageError
from aetui.text import plural
from aetui.training.objective import StepLoss

if TYPE_CHECKING:
    from aetui.training.training import Training


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


def take_step(training: "Training", pixels: Tensor, labels: Tensor | None) -> StepLoss:
    """Learn from a batch (B, C, H, W), uint8, with labels (B,) where the objective needs them.

    The losses returned stay on the device.
    """
    settings, optimizer = training.preset.train, training.optimizer
    rate = learning_rate(settings, training.steps_per_epoch, training.progress.step)
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad(set_to_none=True)
    losses = _backward(training, pixels, labels)
    if settings.clip_norm:
        nn.utils.clip_grad_norm_(training.model.parameters(), settings.clip_norm)
    optimizer.step()
    return losses


def _backward(training: "Training", pixels: Tensor, labels: Tensor | None) -> StepLoss:
    """Gradients of the batch's mean loss, computed in as many parts as the preset says."""
    step, objective = training.progress.step, training.objective
    parts = training.preset.train.accumulate
    if parts == 1:
        losses = objective.loss(training.model, pixels, labels, step)
        losses.trained.backward()  # type: ignore[no-untyped-call]
        return losses
    trained, told = [], []
    labels_of = repeat(None) if labels is None else labels.chunk(parts)
    for number, (part, names) in enumerate(zip(pixels.chunk(parts), labels_of, strict=False)):
        losses = objective.loss(training.model, part, names, step, number)
        share = len(part) / len(pixels)
        (losses.trained * share).backward()  # type: ignore[no-untyped-call]
        trained.append(losses.trained.detach() * share)
        told.append(losses.told.detach() * share)
    return StepLoss(torch.stack(trained).sum(), torch.stack(told).sum())
