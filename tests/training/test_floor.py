"""The no-learning floor: hidden pixels from visible ones, never from themselves, on the masks of the test."""

import pytest
import torch
from torch import nn

from aetui.data.generated import shapes
from aetui.data.images import ImageSet
from aetui.models.conv_mae import ConvMae
from aetui.models.masking import hidden_pixels, mask_noise, masking, patchify
from aetui.models.vit_mae import VitMae
from aetui.shapes.vit import VitMaeShape, VitSize
from aetui.training import floor as floor_module
from aetui.training.floor import floor as floor_of
from aetui.training.floor import neighbour_interpolation

torch.set_num_threads(1)

CPU = torch.device("cpu")
SHAPES = shapes(train=10, test=60)


def floor(images, patch, ratio, seed, device=CPU, **options):
    model = ConvMae(nn.Sequential(), nn.Sequential(), (3, 32, 32), patch, ratio)
    return floor_of(model, images, seed, device, **options).loss


def images_and_hidden(count=5, size=(3, 8, 12), patch=2):
    generator = torch.Generator().manual_seed(0)
    patches = size[1] * size[2] // patch**2
    mask = masking(torch.rand(count, patches, generator=generator), 0.75).mask
    return torch.rand(count, *size, generator=generator), hidden_pixels(mask, size, patch)[:, 0]


def test_hidden_values_are_not_read():
    images, hidden = images_and_hidden()
    filled = neighbour_interpolation(images, hidden)
    unreadable = images.masked_fill(hidden[:, None], torch.nan)
    assert torch.equal(neighbour_interpolation(unreadable, hidden), filled)
    assert filled.isfinite().all()


def test_visible_pixels_stay_and_hidden_ones_lie_between_them():
    images, hidden = images_and_hidden()
    filled = neighbour_interpolation(images, hidden)
    visible = ~hidden[:, None].expand_as(images)
    assert torch.equal(filled[visible], images[visible])
    for before, after, seen in zip(images, filled, visible, strict=True):
        assert before[seen].min() <= after.min()
        assert after.max() <= before[seen].max()


def test_it_is_the_mean_weighted_by_distance_to_the_minus_4():
    """Against a loop over pixels with exact powers; the sum of Gaussians is within a few percent of them."""
    images, hidden = images_and_hidden(count=2)
    filled = neighbour_interpolation(images, hidden)
    for image, gone, result in zip(images, hidden, filled, strict=True):
        seen = (~gone).nonzero()
        values = image[:, ~gone]  # (C, visible), in the order of nonzero
        for row, column in gone.nonzero().tolist():
            weights = (seen - torch.tensor([row, column])).square().sum(1).float() ** -2
            torch.testing.assert_close(
                result[:, row, column], values @ weights / weights.sum(), rtol=0, atol=0.01
            )


@pytest.mark.parametrize("distance", [2, 3, 5, 8, 20])
def test_weights_fall_with_the_fourth_power(distance):
    """A hidden pixel between a white one next to it and a black one further away."""
    images = torch.zeros(1, 1, 1, distance + 2)
    images[0, 0, 0, 0] = 1
    hidden = torch.ones(1, 1, distance + 2, dtype=torch.bool)
    hidden[0, 0, [0, -1]] = False
    white = neighbour_interpolation(images, hidden)[0, 0, 0, 1].double()
    assert (1 / white - 1).item() == pytest.approx(distance**-4, rel=0.06, abs=1e-7)


def test_one_visible_corner_of_a_large_image_fills_it():
    images = torch.full((1, 1, 512, 384), 0.25)
    hidden = torch.ones(1, 512, 384, dtype=torch.bool)
    hidden[0, 0, 0] = False
    torch.testing.assert_close(neighbour_interpolation(images, hidden), images)


@pytest.mark.parametrize("patch", [2, 4, 8])
def test_the_floor_is_on_the_masks_of_the_test(patch):
    images = SHAPES.test.images.float() / 255
    mask = masking(mask_noise(7, torch.arange(60), (32 // patch) ** 2), 0.75).mask
    hidden = hidden_pixels(mask, (3, 32, 32), patch)
    filled = neighbour_interpolation(images, hidden[:, 0])
    expected = (filled - images)[hidden.expand_as(images)].square().mean().item()
    assert floor(SHAPES.test, patch, 0.75, 7, CPU) == pytest.approx(expected, rel=1e-5)
    assert floor(SHAPES.test, patch, 0.75, 8, CPU) != pytest.approx(expected, rel=1e-3)


def test_fewer_images_are_taken_from_the_whole_set_with_their_own_masks(monkeypatch):
    """The second half is another class, as in a folder of images."""
    smooth = torch.full_like(SHAPES.test.images, 128)
    images = torch.cat([SHAPES.test.images[:30], smooth[30:]])
    halves = ImageSet(images, SHAPES.test.labels)
    every_second = floor(halves, 4, 0.75, 0, CPU, count=30)
    whole, rough = floor(halves, 4, 0.75, 0, CPU), floor(SHAPES.test, 4, 0.75, 0, CPU)
    assert every_second == pytest.approx(whole, rel=0.3)
    assert whole < 0.7 * rough
    monkeypatch.setattr(floor_module, "BATCH_VALUES", 7 * 3 * 32 * 32)
    assert floor(halves, 4, 0.75, 0, CPU) == pytest.approx(whole, rel=1e-6)


def test_larger_patches_have_a_higher_floor():
    floors = [floor(SHAPES.test, patch, 0.75, 0, CPU) for patch in (2, 4, 8)]
    assert 0 < floors[0] < floors[1] < floors[2] < 0.06


def test_under_norm_pix_the_loss_has_a_floor_of_its_own():
    """Patches are normalised by hand; a model that predicts them all is told the error of the last line."""
    model = VitMae(VitMaeShape((3, 32, 32), 4, VitSize(8, 1, 2), VitSize(8, 1, 2)), norm_pix=True)
    images = SHAPES.test.images.float() / 255
    mask = masking(mask_noise(7, torch.arange(60), 64), 0.75).mask

    def normal(pictures):
        patches = patchify(pictures, 4)
        return (patches - patches.mean(-1, keepdim=True)) / (patches.var(-1, keepdim=True) + 1e-6).sqrt()

    filled = neighbour_interpolation(images, hidden_pixels(mask, (3, 32, 32), 4)[:, 0])
    zeros = normal(images)[mask].square().mean().item()
    guessed = (normal(filled) - normal(images))[mask].square().mean().item()
    found = floor_of(model, SHAPES.test, 7, CPU)
    assert found.loss == pytest.approx(min(zeros, guessed), rel=1e-5)
    assert 0.3 < zeros < 1
    assert found.pixels == pytest.approx(floor(SHAPES.test, 4, 0.75, 7), rel=1e-5)
    perfect = model.to_pixels(normal(images), images, mask)
    assert found.perfect_pixels == pytest.approx(
        model.pixel_errors(images, perfect, mask).mean().item(), rel=1e-5
    )
    assert model.losses(images, normal(images), mask).max() < 1e-9
    assert found.perfect_pixels > 0.5 * found.pixels, "so low an error in pixels says nothing"
