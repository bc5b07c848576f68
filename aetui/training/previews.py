"""The epoch's pictures: fixed test images above, what the model was given, its reconstructions below."""

import io
from pathlib import Path

import torch
from PIL import Image
from torch import nn

from aetui.data.images import ImageSet
from aetui.runs.files import write_whole
from aetui.training.objective import Objective

COLUMNS = 8
GAP = 2
"""Black pixels between two pictures."""


@torch.inference_mode()
def save_preview(path: Path, model: nn.Module, test: ImageSet, objective: Objective) -> None:
    """Write a PNG of the first test images: a row of images, of noisy inputs if any, of reconstructions.

    Pictures keep their size in pixels. Raises OSError.
    """
    model.eval()
    clean, given, reconstruction = objective.reconstruct(model, test.images[:COLUMNS], "preview")
    rows = [clean, given, reconstruction] if objective.noise_std else [clean, reconstruction]
    buffer = io.BytesIO()
    _contact_sheet(rows).save(buffer, "PNG")
    write_whole(path, buffer.getbuffer())


def _contact_sheet(rows: list[torch.Tensor]) -> Image.Image:
    """One picture of rows of images (N, C, H, W) in [0, 1]; C is 1 or 3."""
    count, channels, height, width = rows[0].shape
    sheet = torch.zeros(channels, len(rows) * (height + GAP) - GAP, count * (width + GAP) - GAP)
    for row, images in enumerate(rows):
        for column, image in enumerate(images.nan_to_num().clamp(0, 1).cpu()):
            top, left = row * (height + GAP), column * (width + GAP)
            sheet[:, top : top + height, left : left + width] = image
    pixels = sheet.mul(255).round().to(torch.uint8).permute(1, 2, 0)
    return Image.fromarray(pixels.squeeze(2).numpy())
