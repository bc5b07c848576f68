"""Sizes of vision transformers: what is refused, with which numbers, and known counts.

The closed formulas are compared with the real modules in tests/models/test_vit_mae.py.
"""

import pytest

from aetui.errors import UsageError
from aetui.shapes.patches import check_mask_ratio, patch_grid, visible_patches
from aetui.shapes.vit import MAE_DECODER, SIZES, VitMaeShape, VitSize, check_norm_pix

TINY = SIZES["tiny"]


@pytest.mark.parametrize(
    ("name", "patch", "published"),
    [
        ("tiny", 16, 5_524_416),
        ("small", 16, 21_665_664),
        ("base", 16, 85_798_656),
        ("large", 16, 303_301_632),
        ("huge", 14, 630_764_800),
    ],
)
def test_encoders_have_the_published_number_of_parameters(name, patch, published):
    """timm's `vit_NAME_patchN_224` without a head; there the positions are learned and count."""
    size, decoder = SIZES[name], MAE_DECODER
    shape = VitMaeShape((3, 224, 224), patch, size, decoder)
    bridge = (size.width + 2) * decoder.width
    head = 2 * decoder.width + (decoder.width + 1) * shape.patch_numbers
    encoder = shape.parameters - bridge - decoder.depth * decoder.block_parameters - head
    assert encoder + (shape.patches + 1) * size.width == published


def test_the_whole_of_mae_base_and_large():
    """Counted in transformers' ViTMAEForPreTraining, the fixed positions left out."""
    image = (3, 224, 224)
    assert VitMaeShape(image, 16, SIZES["base"], MAE_DECODER).parameters == 111_655_680
    assert VitMaeShape(image, 16, SIZES["large"], MAE_DECODER).parameters == 329_239_296


def test_hiding_three_quarters_makes_the_encoder_cheaper():
    def macs(ratio):
        return VitMaeShape((3, 224, 224), 16, SIZES["large"], VitSize(4, 1, 1), ratio).macs

    assert 3.5 < macs(0.001) / macs(0.75) < 4.5


def test_grid_and_visible():
    shape = VitMaeShape((3, 32, 48), 4, TINY, TINY)
    assert (shape.grid, shape.patches, shape.visible, shape.patch_numbers) == ((8, 12), 96, 24, 48)
    assert visible_patches(9, 0.75) == 2


@pytest.mark.parametrize(
    ("image", "patch", "sentence"),
    [
        ((3, 32, 32), 5, "patch 5 does not divide the image 32x32; patches that do: 1, 2, 4, 8, 16, 32"),
        ((3, 32, 48), 32, "patch 32 does not divide the image 32x48; patches that do: 1, 2, 4, 8, 16"),
        ((3, 32, 32), 64, "patch 64 does not divide the image 32x32; patches that do: 1, 2, 4, 8, 16, 32"),
        ((3, 32, 32), 0, "patch 0 does not divide the image 32x32; patches that do: 1, 2, 4, 8, 16, 32"),
        ((3, 32, 32), -2, "patch -2 does not divide the image 32x32; patches that do: 1, 2, 4, 8, 16, 32"),
        ((784,), 4, "784 is no image; masking needs channels x height x width: 3x32x32"),
        ((3, 0, 4), 2, "image 3x0x4: 0 is not a size, every number must be at least 1; use a smaller image"),
    ],
)
def test_patches_that_do_not_fit_are_refused(image, patch, sentence):
    with pytest.raises(UsageError) as refused:
        patch_grid(image, patch)
    assert refused.value.sentence == sentence


@pytest.mark.parametrize("ratio", [0.0, 1.0, -0.5, 1.5, float("nan"), float("inf")])
def test_ratios_outside_0_and_1_are_refused(ratio):
    with pytest.raises(UsageError, match="is not between 0 and 1"):
        check_mask_ratio(64, ratio)


def test_zero_is_a_ratio_where_nothing_need_be_hidden():
    check_mask_ratio(64, 0, zero_allowed=True)
    with pytest.raises(UsageError, match="mask ratio nan is not from 0 to below 1"):
        check_mask_ratio(64, float("nan"), zero_allowed=True)


@pytest.mark.parametrize(
    ("patches", "ratio", "message"),
    [
        (4, 0.8, "mask ratio 0.8 leaves no visible patch of 4"),
        (1, 0.5, "mask ratio 0.5 leaves no visible patch of 1"),
        (4, 1e-20, "mask ratio 1e-20 leaves no hidden patch of 4"),
    ],
)
def test_ratios_that_leave_nothing_are_refused(patches, ratio, message):
    with pytest.raises(UsageError, match=message):
        check_mask_ratio(patches, ratio)


@pytest.mark.parametrize("patches", range(2, 40))
def test_a_ratio_is_refused_exactly_when_one_side_is_empty(patches):
    for percent in range(1, 100):
        visible = int(patches * (1 - percent / 100))
        if 0 < visible < patches:
            check_mask_ratio(patches, percent / 100)
        else:
            with pytest.raises(UsageError):
                check_mask_ratio(patches, percent / 100)


@pytest.mark.parametrize(
    ("encoder", "decoder", "sentence"),
    [
        (
            VitSize(192, 12, 5),
            TINY,
            "encoder: 5 heads do not divide the width 192; heads that do: 1, 2, 3, 4,",
        ),
        (
            TINY,
            VitSize(190, 4, 2),
            "decoder: width 190 is not a multiple of 4; 2-d sine-cosine positions need",
        ),
        (VitSize(0, 12, 3), TINY, "encoder: width 0, depth 12, heads 3; each must be at least 1"),
        (VitSize(192, 0, 3), TINY, "encoder: width 192, depth 0, heads 3; each must be at least 1"),
        (VitSize(192, 10**9, 3), TINY, "encoder: 1,000,000,000 blocks are too many; use at most 1,000"),
        (
            VitSize(4 * 10**9, 1, 1),
            TINY,
            "encoder: width 4,000,000,000 for 256 patches: 4,000,000,000 is more",
        ),
        (VitSize(40_000, 1_000, 1), TINY, "the model has 19,200,"),
    ],
)
def test_widths_depths_and_heads_that_cannot_be_are_refused(encoder, decoder, sentence):
    with pytest.raises(UsageError) as refused:
        VitMaeShape((3, 32, 32), 2, encoder, decoder)
    assert refused.value.sentence.startswith(sentence)


def test_norm_pix_needs_more_than_one_number_a_patch():
    check_norm_pix((3, 32, 32), 1)
    with pytest.raises(UsageError, match="a patch of 1x1 pixels and 1 channel has no deviation"):
        check_norm_pix((1, 32, 32), 1)
