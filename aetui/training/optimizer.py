"""The optimizer of a run, and the batches that it cannot learn from."""

import re
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from aetui.config.preset import Preset
from aetui.config.train import TrainSection
from aetui.errors import UsageError
from aetui.text import plural

CLASS_TOKEN = "encoder.cls_token"
PATCHES = (CLASS_TOKEN, "encoder.patch_embed.")
BLOCK = re.compile(r"encoder\.blocks\.(\d+)\.")
"""Names in a classifier with a vision transformer."""
RATE_SHARE = "rate_share"
"""In a group of weights: its learning rate over that of the step."""


def make_optimizer(
    model: nn.Module, settings: TrainSection, layer_decay: float = 1.0
) -> torch.optim.Optimizer:
    """Adam or AdamW over all weights; biases and norms, which are vectors, do not decay (as in mae).

    Nor does the class token of a classifier. With `layer_decay` its earlier layers learn more slowly, each by
    that factor than the next. On an NVIDIA GPU the learning rates are tensors there, float32, for a captured
    step to read (`StepGraph`).
    """
    weights = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    on_gpu = any(weight.device.type == "cuda" for weight in weights.values())
    layers = layer_numbers(list(weights))
    last = max(layers.values())
    groups: dict[tuple[bool, float], dict[str, Any]] = {}
    for name, weight in weights.items():
        decays = bool(settings.weight_decay) and weight.ndim > 1 and name != CLASS_TOKEN
        share = layer_decay ** (last - layers[name])
        group: dict[str, Any] = {"params": [], RATE_SHARE: share} | ({} if decays else {"weight_decay": 0.0})
        if on_gpu:
            group["lr"] = torch.tensor(settings.peak_learning_rate, device=weight.device)
        groups.setdefault((not decays, share), group)["params"].append(weight)
    kind = torch.optim.AdamW if settings.optimizer == "adamw" else torch.optim.Adam
    return kind(
        [groups[key] for key in sorted(groups)],
        lr=settings.peak_learning_rate,
        betas=settings.betas,
        weight_decay=settings.weight_decay,
        fused=True,
    )


def optimizer_of(preset: Preset, model: nn.Module) -> torch.optim.Optimizer:
    """As the preset says, for a model of it."""
    return make_optimizer(model, preset.train, preset.finetune.layer_decay if preset.finetune else 1.0)


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """The learning rate of the next step; each group of weights has its share."""
    for group in optimizer.param_groups:
        own = rate * group[RATE_SHARE]
        if isinstance(group["lr"], torch.Tensor):
            group["lr"].fill_(own)
        else:
            group["lr"] = own


def layer_numbers(names: Sequence[str]) -> dict[str, int]:
    """The layer of each weight of a classifier, as in mae's `util/lr_decay.py`: patches, blocks, head."""
    blocks = {name: int(found[1]) + 1 for name in names if (found := BLOCK.match(name))}
    head = max(blocks.values(), default=0) + 1
    return {name: blocks.get(name, 0 if name.startswith(PATCHES) else head) for name in names}


def checked_state(optimizer: torch.optim.Optimizer, read: dict[str, Any]) -> dict[str, Any]:
    """The state of Adam as a checkpoint holds it, where every part is as large as its weights.

    PyTorch's fused kernels write as many numbers as the weights have, whatever the state's size. The settings
    are the optimizer's own. Raises ValueError.
    """
    own = optimizer.state_dict()
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    numbers = [number for group in own["param_groups"] for number in group["params"]]
    moments = _renumbered(optimizer, read)
    if not isinstance(moments, dict) or moments.keys() - numbers:
        raise ValueError("the optimizer's state is of other weights")
    for number, weight in zip(numbers, weights, strict=True):
        if number not in moments:
            continue
        if not _fits(moments[number], weight):
            raise ValueError(f"the optimizer's state of weight {number} is not as large as the weight")
        for name in ("exp_avg", "exp_avg_sq"):
            if moments[number][name].stride() != weight.stride():  # of another layout: from another device
                laid_out = torch.empty_like(weight, device="cpu").copy_(moments[number][name])
                moments[number] = moments[number] | {name: laid_out}
    return {"state": moments, "param_groups": own["param_groups"]}


def _renumbered(optimizer: torch.optim.Optimizer, read: dict[str, Any]) -> Any:
    """The state by the numbers of now; an older version had the class token first, where weights decay."""
    moments, groups = read.get("state"), read.get("param_groups")
    decaying, others = optimizer.param_groups[0]["params"], optimizer.param_groups[-1]["params"]
    if not isinstance(moments, dict) or not isinstance(groups, list):
        return moments
    if any(RATE_SHARE in group for group in groups) or others[0].ndim <= 1 or others is decaying:
        return moments
    before = [len(decaying), *range(len(decaying))]
    return {before[n] if n in range(len(before)) else n: state for n, state in moments.items()}


def _fits(state: Any, weight: torch.Tensor) -> bool:
    if not isinstance(state, dict) or state.keys() != {"step", "exp_avg", "exp_avg_sq"}:
        return False
    expected = {"step": torch.zeros(()), "exp_avg": weight, "exp_avg_sq": weight}
    return all(
        isinstance(state[name], torch.Tensor)
        and state[name].layout == torch.strided
        and not state[name].is_neg()
        and (state[name].dtype, state[name].shape) == (like.dtype, like.shape)
        for name, like in expected.items()
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
