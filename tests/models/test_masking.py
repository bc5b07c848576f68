"""Masks and patches are those of mae, as transformers has them; fixed noise is each image's own."""

import pytest
import torch
from transformers import ViTMAEConfig
from transformers.models.vit_mae.modeling_vit_mae import ViTMAEEmbeddings, ViTMAEForPreTraining

from aetui.models.masking import hidden_mean, hidden_pixels, mask_noise, masking, patchify, unpatchify

torch.set_num_threads(1)


def hugging_face_config(ratio=0.75):
    return ViTMAEConfig(
        image_size=12,
        patch_size=4,
        num_channels=2,
        hidden_size=8,
        num_hidden_layers=0,
        decoder_hidden_size=8,
        decoder_num_hidden_layers=0,
        mask_ratio=ratio,
    )


def test_patchify_equals_hugging_face():
    images = torch.rand(3, 2, 12, 12)
    theirs = ViTMAEForPreTraining(hugging_face_config())
    patches = patchify(images, 4)
    assert torch.equal(patches, theirs.patchify(images))
    assert torch.equal(unpatchify(patches, (2, 12, 12), 4), images)


def test_patches_of_a_rectangle_go_row_by_row_with_the_channel_last():
    images = torch.arange(2 * 2 * 4 * 6.0).reshape(2, 2, 4, 6)
    patches = patchify(images, 2)
    assert patches.shape == (2, 6, 8)
    second = images[1, :, 0:2, 2:4]
    assert patches[1, 1].tolist() == second.permute(1, 2, 0).flatten().tolist()
    assert torch.equal(unpatchify(patches, (2, 4, 6), 2), images)


@pytest.mark.parametrize("ratio", [0.1, 0.5, 0.75, 0.9])
def test_masking_equals_hugging_face(ratio):
    noise = torch.rand(7, 9)
    tokens = torch.rand(7, 9, 8)
    kept, mask, ids_restore = ViTMAEEmbeddings(hugging_face_config(ratio)).random_masking(tokens, noise)
    ours = masking(noise, ratio)
    assert torch.equal(ours.mask.float(), mask)
    assert torch.equal(ours.ids_restore, ids_restore)
    assert torch.equal(tokens.gather(1, ours.ids_keep[:, :, None].expand(-1, -1, 8)), kept)


def test_the_patches_with_the_smallest_noise_stay_visible():
    ours = masking(torch.tensor([[0.9, 0.1, 0.5, 0.3]]), 0.5)
    assert ours.mask.tolist() == [[True, False, True, False]]
    assert ours.ids_keep.tolist() == [[1, 3]]


def test_equal_noise_keeps_the_earlier_patches():
    assert masking(torch.zeros(1, 100), 0.75).ids_keep.tolist() == [list(range(25))]


def test_noise_of_an_image_depends_on_seed_and_index_alone():
    whole = mask_noise(3, torch.arange(1000), 64)
    assert torch.equal(torch.cat([mask_noise(3, part, 64) for part in torch.arange(1000).split(77)]), whole)
    shuffled = torch.randperm(1000)
    assert torch.equal(mask_noise(3, shuffled, 64), whole[shuffled])
    assert not (mask_noise(4, torch.arange(1000), 64) == whole).all(1).any()
    assert len(whole.unique(dim=0)) == 1000


def test_noise_stays_the_same_between_versions():
    """Fixed masks are part of what a recorded test loss means."""
    assert [round(value, 4) for value in mask_noise(0, torch.tensor([7]), 4)[0].tolist()] == [
        0.0173,
        0.5695,
        0.8193,
        0.9838,
    ]


def test_noise_is_uniform_and_independent():
    noise = mask_noise(0, torch.arange(4000), 64)
    assert noise.min() >= 0
    assert noise.max() < 1
    counts = torch.histc(noise, 50, 0, 1) / noise.numel() * 50
    assert (counts - 1).abs().max() < 0.07  # five standard deviations of a bin of 5,120
    hidden = masking(noise, 0.75).mask.float()
    assert (hidden.mean(0) - 0.75).abs().max() < 0.035  # five standard deviations over 4,000 images
    neighbours = torch.corrcoef(torch.stack([hidden[:, :-1].flatten(), hidden[:, 1:].flatten()]))[0, 1]
    images = torch.corrcoef(torch.stack([noise[:-1].flatten(), noise[1:].flatten()]))[0, 1]
    assert abs(neighbours + 1 / 63) < 0.01  # a quarter is drawn without putting back: -1 / (L - 1)
    assert abs(images) < 0.01


def test_hidden_pixels_are_the_pixels_of_hidden_patches():
    mask = torch.tensor([[True, False, False, False, False, True]])
    pixels = hidden_pixels(mask, (3, 4, 6), 2)
    assert pixels.shape == (1, 1, 4, 6)
    assert pixels[0, 0].int().tolist() == [
        [1, 1, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0],
        [0, 0, 0, 0, 1, 1],
        [0, 0, 0, 0, 1, 1],
    ]
    assert torch.equal(patchify(pixels.float(), 2)[:, :, 0].bool(), mask)


def test_the_mean_counts_hidden_patches_and_all_where_none_is_hidden():
    values = torch.tensor([[1.0, 2.0, 6.0], [1.0, 2.0, 6.0]])
    mask = torch.tensor([[True, False, True], [False, False, False]])
    assert hidden_mean(values, mask).tolist() == [3.5, 3.0]
