"""One optimizer step: its learning rate, gradients in parts and clipped if asked for, the running mean."""

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from aetui.config.schedule import learning_rate
from aetui.training.objective import Examples, StepLoss, sum_of
from aetui.training.optimizer import set_rate
from aetui.training.training import Training


def take_step(training: Training, pixels: Tensor, labels: Tensor | None) -> StepLoss:
    """Learn from a batch (B, C, H, W), uint8, with labels (B,) where the objective needs them.

    The losses returned stay on the device; the next step may overwrite them.
    """
    step = training.progress.step
    rate = learning_rate(training.preset.train, training.steps_per_epoch, step)
    set_rate(training.optimizer, rate)
    examples = training.objective.examples(training.model, pixels, labels, step)
    return (training.graph or learn)(training, examples)


def learn(training: Training, examples: Examples) -> StepLoss:
    """What is done alike in every step, whatever its rate and its examples, and without waiting for a GPU."""
    settings = training.preset.train
    training.optimizer.zero_grad(set_to_none=True)
    losses = _backward(training, examples)
    if settings.clip_norm:
        nn.utils.clip_grad_norm_(training.model.parameters(), settings.clip_norm)
    training.optimizer.step()
    if training.averaged:
        _follow(training.averaged, training.model, settings.ema, begins=training.progress.step == 0)
    return losses


def _backward(training: Training, examples: Examples) -> StepLoss:
    """Gradients of the batch's mean loss, computed in as many parts as the preset says."""
    model, objective = training.model, training.objective
    parts = training.preset.train.accumulate
    computed = []
    for part in zip(*(tensor.chunk(parts) for tensor in examples), strict=True):
        losses = objective.loss(model, *part)
        if parts > 1:
            losses = losses.times(len(part[0]) / len(examples[0]))
        losses.trained.backward()  # type: ignore[no-untyped-call]
        computed.append(losses)
    return sum_of(computed)


@torch.no_grad()
def _follow(mean: nn.Module, model: nn.Module, decay: float, *, begins: bool) -> None:
    """Move the mean of the weights by a step; its buffers, as batch norm's running means, are the model's."""
    if begins:
        mean.load_state_dict(model.state_dict())
        return
    get_ema_multi_avg_fn(decay)(list(mean.parameters()), list(model.parameters()), None)  # type: ignore[no-untyped-call]
    for kept, newest in zip(mean.buffers(), model.buffers(), strict=True):
        kept.copy_(newest)
