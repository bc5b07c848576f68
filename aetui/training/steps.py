"""One optimizer step: its learning rate, gradients in parts and clipped if asked for."""

from torch import Tensor, nn

from aetui.config.schedule import learning_rate
from aetui.training.objective import StepLoss, sum_of
from aetui.training.optimizer import RATE_SHARE
from aetui.training.training import Training


def take_step(training: Training, pixels: Tensor, labels: Tensor | None) -> StepLoss:
    """Learn from a batch (B, C, H, W), uint8, with labels (B,) where the objective needs them.

    The losses returned stay on the device.
    """
    settings, optimizer = training.preset.train, training.optimizer
    rate = learning_rate(settings, training.steps_per_epoch, training.progress.step)
    for group in optimizer.param_groups:
        group["lr"] = rate * group[RATE_SHARE]
    optimizer.zero_grad(set_to_none=True)
    losses = _backward(training, pixels, labels)
    if settings.clip_norm:
        nn.utils.clip_grad_norm_(training.model.parameters(), settings.clip_norm)
    optimizer.step()
    if training.averaged:
        training.averaged.update_parameters(training.model)
    return losses


def _backward(training: Training, pixels: Tensor, labels: Tensor | None) -> StepLoss:
    """Gradients of the batch's mean loss, computed in as many parts as the preset says."""
    model, objective, step = training.model, training.objective, training.progress.step
    parts = training.preset.train.accumulate
    examples = objective.examples(model, pixels, labels, step)
    if parts == 1:
        losses = objective.loss(model, *examples)
        losses.trained.backward()  # type: ignore[no-untyped-call]
        return losses
    computed = []
    for part in zip(*(tensor.chunk(parts) for tensor in examples), strict=True):
        share = len(part[0]) / len(pixels)
        losses = objective.loss(model, *part).times(share)
        losses.trained.backward()  # type: ignore[no-untyped-call]
        computed.append(losses)
    return sum_of(computed)
