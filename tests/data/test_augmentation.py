"""Crops and flips of a batch at once: torchvision's boxes and pixels, and the generator alone decides."""

import math

import pytest
import torch
from torchvision.transforms import InterpolationMode, RandomResizedCrop
from torchvision.transforms.v2.functional import resized_crop

from aetui.data.augmentation import MAE_SCALE, RATIO, augment, erase, random_boxes

torch.set_num_threads(1)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_nothing_to_crop_and_no_flip_is_the_image_itself():
    images = torch.rand(8, 3, 32, 48, dtype=torch.float64)
    same = augment(images, seeded(), scale=(1, 1), ratio=(1.5, 1.5), flip=0)
    torch.testing.assert_close(same, images, rtol=0, atol=1e-12)
    square = torch.rand(8, 3, 32, 32)
    same = augment(square, seeded(), scale=(1, 1), ratio=(1, 1), flip=0)
    torch.testing.assert_close(same, square, rtol=0, atol=1e-6)


def test_a_flip_mirrors_left_to_right():
    images = torch.rand(8, 3, 32, 32)
    mirrored = augment(images, seeded(), scale=(1, 1), ratio=(1, 1), flip=1)
    torch.testing.assert_close(mirrored, images.flip(3), rtol=0, atol=1e-6)


def test_half_of_the_images_are_flipped():
    images = torch.rand(1, 1, 8, 8).expand(4000, -1, -1, -1)
    result = augment(images, seeded(), scale=(1, 1), ratio=(1, 1), flip=0.5)
    flipped = (result - images).abs().amax((1, 2, 3)) > 1e-3
    assert abs(flipped.float().mean().item() - 0.5) < 0.04  # five standard deviations


def test_bytes_become_numbers_between_0_and_1():
    images = torch.randint(0, 256, (4, 3, 16, 16), dtype=torch.uint8)
    result = augment(images, seeded())
    assert result.dtype == torch.float32
    assert result.min() >= 0
    assert result.max() <= 1
    assert torch.equal(result, augment(images / 255, seeded()))


def test_the_generator_alone_decides():
    images = torch.rand(16, 3, 16, 16)
    torch.manual_seed(1)
    first = augment(images, seeded(5))
    torch.manual_seed(2)
    assert torch.equal(augment(images, seeded(5)), first)
    assert not torch.equal(augment(images, seeded(6)), first)


def test_crops_have_torchvisions_pixels():
    """Inside the crop: at its edges torchvision repeats the last pixel, here the image goes on."""
    images = torch.rand(32, 3, 32, 32)
    cropped = augment(images, seeded(3), flip=0)
    boxes = random_boxes(32, 32, 32, seeded(3), MAE_SCALE, RATIO).int().tolist()
    for image, ours, (top, left, height, width) in zip(images, cropped, boxes, strict=True):
        theirs = resized_crop(
            image, top, left, height, width, [32, 32], InterpolationMode.BICUBIC, antialias=False
        )
        y, x = 2 * 32 // height + 1, 2 * 32 // width + 1
        inside = (slice(None), slice(y, 32 - y), slice(x, 32 - x))
        torch.testing.assert_close(ours[inside], theirs.clamp(0, 1)[inside], rtol=0, atol=1e-4)


@pytest.mark.parametrize(("height", "width"), [(32, 32), (28, 60), (224, 224)])
@pytest.mark.parametrize("scale", [(0.2, 1.0), (0.08, 1.0)])
def test_boxes_are_distributed_as_torchvisions(height, width, scale):
    ours = random_boxes(4000, height, width, seeded(), scale, RATIO)
    image = torch.empty(1, height, width)
    torch.manual_seed(0)
    theirs = torch.tensor(
        [RandomResizedCrop.get_params(image, list(scale), list(RATIO)) for _ in range(4000)]
    )
    for drawn, expected in zip(described(ours), described(theirs.float()), strict=True):
        assert kolmogorov_smirnov(drawn, expected) < 1.95 * math.sqrt(2 / 4000)  # one in 1,000 by chance


def test_boxes_lie_in_the_image_and_keep_their_share_of_it():
    top, left, height, width = random_boxes(20_000, 40, 32, seeded(), MAE_SCALE, RATIO).unbind(1)
    assert all((numbers == numbers.round()).all() for numbers in (top, left, height, width))
    assert min(top.min(), left.min()) >= 0
    assert min(height.min(), width.min()) >= 1
    assert (top + height).max() == 40
    assert (left + width).max() == 32
    share = height * width / (40 * 32)
    assert share.min() > 0.2 - 0.03  # sides are rounded to whole pixels
    assert share.max() <= 1


@pytest.mark.parametrize(
    ("size", "box"), [((8, 100), [0, 44, 8, 11]), ((100, 8), [44, 0, 11, 8]), ((30, 32), [0, 0, 30, 32])]
)
def test_where_no_box_fits_the_largest_one_in_the_middle_is_taken(size, box):
    """As torchvision does; twice the image's area never fits."""
    boxes = random_boxes(50, *size, seeded(), (2.0, 2.0), RATIO)
    assert (boxes == torch.tensor(box)).all()
    theirs = RandomResizedCrop.get_params(torch.empty(1, *size), [2.0, 2.0], list(RATIO))
    assert list(theirs) == box


def described(boxes):
    """What is compared of boxes (N, 4): area, ratio and the two corners."""
    top, left, height, width = boxes.unbind(1)
    return height * width, width / height, top, left


def kolmogorov_smirnov(first, second):
    """The largest difference between the shares of both samples below a value."""
    values = torch.cat([first, second]).sort().values
    below = [
        torch.searchsorted(sample.sort().values, values, right=True) / len(sample)
        for sample in (first, second)
    ]
    return (below[0] - below[1]).abs().max()


def test_a_box_of_some_images_is_erased():
    """A quarter of them, each its own box of 2 to 33 % of the area, filled with noise."""
    images = torch.full((4000, 3, 32, 32), 0.5)
    erased = erase(images, seeded(), 0.25)
    changed = (erased != images).any(1)
    chosen = changed.any((1, 2))
    assert abs(chosen.float().mean().item() - 0.25) < 0.035  # five standard deviations
    rows, columns = changed.any(2), changed.any(1)
    boxes = rows[:, :, None] & columns[:, None, :]
    assert torch.equal(boxes, changed), "one box in each"
    share = changed[chosen].float().mean((1, 2))
    assert share.min() > 0.01
    assert share.max() < 0.36
    assert len({tuple(box.flatten().nonzero().flatten().tolist()) for box in changed[chosen][:50]}) > 45
    noise = erased[chosen].transpose(0, 1)[:, changed[chosen]]
    assert noise.mean().item() == pytest.approx(0.5, abs=0.01)
    assert noise.var().item() == pytest.approx(1 / 12, abs=0.005)
    assert torch.equal(erased, erase(images, seeded(), 0.25))
    assert torch.equal(erase(images, seeded(), 0), images)
