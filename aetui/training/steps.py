"""One optimizer step: its learning rate, gradients in parts and clipped if asked for, the running mean."""

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from aetui.config.schedule import learning_rate
from aetui.data.batches import derived_seed
from aetui.data.parts import Part
from aetui.training.objective import Examples, StepLoss, sum_of
from aetui.training.optimizer import set_rate
from aetui.training.ranks.replicated import summed_at
from aetui.training.replica import Replica


def take_step(replica: Replica, pixels: Tensor, labels: Tensor | None, part: Part | None = None) -> StepLoss:
    """Learn from a batch (B, C, H, W), uint8, with labels (B,) where the objective needs them.

    Of several ranks each learns from its `part`, and their losses add up to that of the batch. They stay on
    the device; the next step may overwrite them.
    """
    step = replica.progress.step
    if not replica.team.is_alone:  # what a layer drops out is a function of seed, step and rank
        torch.manual_seed(derived_seed(replica.preset.train.seed, "rank", replica.team.rank, step))
    rate = learning_rate(replica.preset.train, replica.steps_per_epoch, step)
    set_rate(replica.optimizer, rate)
    examples = replica.objective.examples(replica.model, pixels, labels, step, part)
    if replica.graph:
        return replica.graph(replica, examples)
    return learn(replica, examples, part.share if part else 1.0)


def learn(replica: Replica, examples: Examples, share: float = 1.0) -> StepLoss:
    """What is done alike in every step, whatever its rate and its examples, and without waiting for a GPU."""
    settings = replica.preset.train
    replica.optimizer.zero_grad(set_to_none=True)
    losses = _backward(replica, examples, share)
    if settings.clip_norm:
        nn.utils.clip_grad_norm_(replica.model.parameters(), settings.clip_norm)
    replica.optimizer.step()
    if replica.averaged:
        _follow(replica.averaged, replica.model, settings.ema, begins=replica.progress.step == 0)
    return losses


def _backward(replica: Replica, examples: Examples, share: float) -> StepLoss:
    """Gradients of the batch's mean loss, computed in as many chunks as the preset says.

    The examples are this `share` of the batch; PyTorch adds the gradients of the other ranks' to them.
    """
    chunks = list(zip(*(tensor.chunk(replica.preset.train.accumulate) for tensor in examples), strict=True))
    computed = []
    for number, chunk in enumerate(chunks, 1):
        with summed_at(replica.parallel, now=number == len(chunks)):
            losses = replica.objective.loss(replica.parallel or replica.model, *chunk)
            weight = share * len(chunk[0]) / len(examples[0])
            if weight != 1:
                losses = losses.times(weight)
            trained = losses.trained * replica.team.size if replica.parallel else losses.trained
            trained.backward()  # type: ignore[no-untyped-call]
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
