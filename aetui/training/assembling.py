"""What every rank of a run makes by itself of its preset and its data, alike everywhere."""

import copy
from typing import Any

import torch

from aetui.config.preset import Preset
from aetui.data.images import DataSet
from aetui.data.load import to_device_if_fits
from aetui.data.validation import evenly_spaced
from aetui.models.transformer import recompute_blocks
from aetui.training.checkpoint_file import Progress
from aetui.training.model_kinds import Model, make_model, make_objective
from aetui.training.optimizer import optimizer_of
from aetui.training.ranks.replicated import with_wide_batch_norm
from aetui.training.ranks.team import Team, is_shared_out
from aetui.training.torch_settings import numbers_of_a_pixel_together

MOST_UNCROPPED = 1000
"""Training images that are tested as the test sees them."""


def assembled(
    preset: Preset, data: DataSet, device: torch.device, team: Team, *, begun: bool, bf16: bool
) -> dict[str, Any]:
    """The fields of a `Replica` at its first step. Raises AetuiError as `make_model`, and UsageError."""
    home = torch.device("cpu") if is_shared_out(preset.train, team) else device  # a GPU may not hold it all
    model: Model = make_model(preset, len(data.classes), begun=begun).to(home)
    if preset.train.activation_checkpointing:
        recompute_blocks(model)
    if not team.is_alone:
        model = with_wide_batch_norm(model, device)
    if is_laid_out(preset, device):
        numbers_of_a_pixel_together(model, wanted=True)
    return {
        "preset": preset,
        "device": device,
        "train": to_device_if_fits(data.train, device),
        "test": to_device_if_fits(data.validation or data.test, device),
        "last_test": data.test if data.validation else None,
        "uncropped": evenly_spaced(data.train, MOST_UNCROPPED) if preset.augment.crop_scale < 1 else None,
        "model": model,
        "averaged": copy.deepcopy(model) if preset.train.ema else None,
        "optimizer": optimizer_of(preset, model),
        "objective": make_objective(preset, device, bf16, len(data.classes)),
        "progress": Progress(),
        "classes": data.classes,
        "abnormal": data.abnormal,
        "team": team,
    }


def is_laid_out(preset: Preset, device: torch.device) -> bool:
    """Whether convolutions compute on a CPU, where the numbers of a pixel lie together."""
    return device.type == "cpu" and preset.model.vit is None


def image_sums(data: DataSet) -> dict[str, str]:
    """What tells these images from others."""
    return {"training images": data.train.fingerprint, "test images": data.test.fingerprint}
