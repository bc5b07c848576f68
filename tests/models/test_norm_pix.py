"""Normalised predictions are shown as pixels without a look at the hidden ones."""

import torch

from aetui.data.generated import shapes
from aetui.models.masking import hidden_mean, mask_noise, masking, patchify
from aetui.models.norm_pix import denormalised, normalised

torch.set_num_threads(1)


def test_each_patch_has_mean_0_and_unbiased_deviation_1():
    patches = normalised(torch.rand(2, 5, 48) * 3 + 1)
    torch.testing.assert_close(patches.mean(-1), torch.zeros(2, 5), rtol=0, atol=1e-5)
    torch.testing.assert_close(patches.std(-1), torch.ones(2, 5), rtol=0, atol=1e-4)


def test_a_flat_patch_becomes_zeros():
    assert not normalised(torch.full((1, 1, 12), 0.25)).any()


def test_hidden_patches_are_not_read():
    patches = torch.rand(4, 16, 12)
    mask = masking(torch.rand(4, 16), 0.75).mask
    prediction = torch.randn(4, 16, 12)
    other = torch.where(mask[:, :, None], torch.rand(4, 16, 12), patches)
    assert torch.equal(
        denormalised(prediction, other, mask, (4, 4)), denormalised(prediction, patches, mask, (4, 4))
    )


def test_visible_patches_come_back_and_hidden_ones_stay_within_what_is_visible():
    patches = torch.rand(3, 15, 12)
    mask = masking(torch.rand(3, 15), 0.6).mask
    flat = denormalised(torch.zeros(3, 15, 12), patches, mask, (3, 5))[:, :, 0]
    torch.testing.assert_close(flat[~mask], patches.mean(-1)[~mask], rtol=0, atol=1e-3)
    for image in range(3):
        visible = patches[image, ~mask[image]].mean(-1)
        assert visible.min() - 1e-5 <= flat[image].min()
        assert flat[image].max() <= visible.max() + 1e-5


def test_near_patches_say_more_than_the_image_as_a_whole():
    """The two figures of the docstring, of perfect predictions."""
    patches = patchify(shapes(64, 1024).test.images / 255, 4)
    mask = masking(mask_noise(0, torch.arange(1024), 64), 0.75).mask
    perfect = normalised(patches)

    def error(pixels):
        return hidden_mean((pixels - patches).square().mean(-1), mask).mean().item()

    visible = patches[~mask].view(1024, -1)
    globally = perfect * visible.std(1)[:, None, None] + visible.mean(1)[:, None, None]
    assert round(error(denormalised(perfect, patches, mask, (8, 8))), 4) == 0.0135
    assert round(error(globally), 4) == 0.0245
