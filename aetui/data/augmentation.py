"""Random crops and flips of a whole batch at once, on the device the images are on."""

import math

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from aetui.data.batches import to_unit_range
from aetui.data.parts import Part, whole

Range = tuple[float, float]

MAE_SCALE = (0.2, 1.0)
"""The part of an image's area that a crop keeps: facebookresearch/mae, `main_pretrain.py`."""
RATIO = (3 / 4, 4 / 3)
"""A crop's width over its height: torchvision's `RandomResizedCrop`."""
ERASED_SCALE, ERASED_RATIO = (0.02, 0.33), (0.3, 3.3)
"""Of an erased box: the part of the area, and width over height."""
TRIES = 10
"""How many boxes are drawn before the whole image is taken, as in torchvision."""


def augment(
    images: Tensor,
    generator: Generator,
    scale: Range = MAE_SCALE,
    ratio: Range = RATIO,
    flip: float = 0.5,
    part: Part | None = None,
) -> Tensor:
    """Random resized crops of images (N, C, H, W), each mirrored left to right with probability `flip`.

    The images may be a part of a batch, for whose whole the random numbers are drawn.

    Takes uint8 or floating point pixels in [0, 1], returns floating point in [0, 1] of the same shape and
    device. The result depends on the images and the generator's state alone. Interpolation is bicubic, as
    in mae.
    """
    if images.dtype == torch.uint8:
        images = to_unit_range(images, images.device)
    height, width = images.shape[2:]
    part = part or whole(images)
    boxes = random_boxes(part.of, height, width, generator, scale, ratio)
    mirrored = torch.rand(part.of, generator=generator, device=generator.device) < flip
    transforms = _transforms(boxes, mirrored, height, width).to(images.device, images.dtype)
    grid = F.affine_grid(part.cut(transforms), list(images.shape), align_corners=False)
    cropped = F.grid_sample(images, grid, mode="bicubic", padding_mode="reflection", align_corners=False)
    return cropped.clamp_(0, 1)


def erase(images: Tensor, generator: Generator, probability: float) -> Tensor:
    """Images (N, C, H, W) in [0, 1], in each of which, with this probability, a box is filled with noise.

    Zhong et al., "Random Erasing Data Augmentation" (arXiv 1708.04896): a box of 2 to 33 % of the area, its
    pixels uniform in [0, 1].
    """
    count, _, height, width = images.shape
    boxes = random_boxes(count, height, width, generator, ERASED_SCALE, ERASED_RATIO).to(images.device)
    top, left, tall, wide = boxes[:, :, None, None, None].unbind(1)
    rows = torch.arange(height, device=images.device)[None, None, :, None]
    columns = torch.arange(width, device=images.device)
    inside = (rows >= top) & (rows < top + tall) & (columns >= left) & (columns < left + wide)
    chosen = torch.rand(count, 1, 1, 1, generator=generator, device=generator.device) < probability
    noise = torch.rand(images.shape, generator=generator, device=generator.device).to(images)
    return torch.where(inside & chosen.to(images.device), noise, images)


def random_boxes(
    count: int, height: int, width: int, generator: Generator, scale: Range, ratio: Range
) -> Tensor:
    """Boxes (N, 4) in whole pixels, float32: top, left, height, width; as torchvision's `RandomResizedCrop`.

    The area's share is uniform in `scale`, the logarithm of width over height uniform in `ratio`; the first
    of ten boxes that fits is taken. Where none does, the largest box of an allowed ratio, in the middle.
    """

    def uniform(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, TRIES, generator=generator, device=generator.device)

    area = height * width * uniform(*scale)
    aspect = uniform(math.log(ratio[0]), math.log(ratio[1])).exp()
    widths, heights = (area * aspect).sqrt().round(), (area / aspect).sqrt().round()
    fits = (widths >= 1) & (widths <= width) & (heights >= 1) & (heights <= height)
    first, fitting = fits.int().argmax(1, keepdim=True), fits.any(1)  # the first True
    largest = min(height, round(width / ratio[0])), min(width, round(height * ratio[1]))
    tall = torch.where(fitting, heights.gather(1, first)[:, 0], largest[0])
    wide = torch.where(fitting, widths.gather(1, first)[:, 0], largest[1])
    room = torch.stack([height - tall, width - wide], dim=1)
    corners = (torch.rand(count, 2, generator=generator, device=generator.device) * (room + 1)).floor()
    corners = torch.where(fitting[:, None], corners, (room / 2).floor())
    return torch.cat([corners, tall[:, None], wide[:, None]], dim=1)


def _transforms(boxes: Tensor, mirrored: Tensor, height: int, width: int) -> Tensor:
    """Maps (N, 2, 3) from points of the output to points of the image, both from -1 to 1: `F.affine_grid`."""
    top, left, box_height, box_width = boxes.unbind(1)
    zero = torch.zeros_like(top)
    across = torch.where(mirrored, -box_width, box_width) / width
    along_x = torch.stack([across, zero, (2 * left + box_width) / width - 1], dim=1)
    along_y = torch.stack([zero, box_height / height, (2 * top + box_height) / height - 1], dim=1)
    return torch.stack([along_x, along_y], dim=1)
