"""The ViT masked autoencoder equals transformers' ViTMAEForPreTraining."""

import pytest
import torch
from tiny_vits import SHAPES, hugging_face, inputs
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode
from torchvision.transforms import Normalize
from transformers.models.vit_mae.modeling_vit_mae import build_2d_sinusoidal_position_embedding

from aetui.errors import UsageError
from aetui.models.hugging_face import from_hugging_face
from aetui.models.masking import mask_noise, masking
from aetui.models.position_embedding import sine_cosine_positions
from aetui.models.vit_mae import VitMae
from aetui.models.weights import load_weights
from aetui.shapes.vit import PIXEL_UNITS, VitMaeShape, VitSize

torch.set_num_threads(1)


def relative(ours, theirs):
    return ((ours - theirs).norm() / theirs.norm()).item()


@pytest.mark.parametrize("norm_pix", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_forward_and_gradients_equal_hugging_face(shape, norm_pix):
    theirs = hugging_face(shape, norm_pix)
    ours = VitMae(shape, norm_pix)
    assert load_weights(ours, from_hugging_face(theirs.state_dict())) == ()
    images, noise = inputs(shape)

    expected = theirs(images, noise=noise)
    prediction, mask = ours(images, noise)
    loss = ours.loss(images, prediction, mask)
    assert torch.equal(mask.float(), expected.mask)
    assert relative(prediction, expected.logits) < 1e-5
    assert relative(loss, expected.loss) < 1e-5

    expected.loss.backward()
    loss.backward()
    gradients = from_hugging_face({n: p.grad for n, p in theirs.named_parameters() if p.requires_grad})
    assert gradients.keys() == dict(ours.named_parameters()).keys()
    for name, parameter in ours.named_parameters():
        assert relative(parameter.grad, gradients[name]) < 1e-5, name


@pytest.mark.parametrize("norm_pix", [False, True])
def test_imagenet_pixels_are_scaled_inside(norm_pix):
    """transformers' model is given what torchvision's transform makes of the images; ours the images."""
    shape = SHAPES[0]
    theirs = hugging_face(shape, norm_pix)
    ours = VitMae(shape, norm_pix, PIXEL_UNITS["imagenet"])
    assert load_weights(ours, from_hugging_face(theirs.state_dict())) == ()
    images, noise = inputs(shape)
    scale = Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    expected = theirs(scale(images), noise=noise)
    prediction, mask = ours(images, noise)
    assert relative(prediction, expected.logits) < 1e-5
    assert relative(ours.loss(images, prediction, mask), expected.loss) < 1e-5
    features = theirs.vit(scale(images), noise=noise).last_hidden_state
    assert relative(ours.encode(images, masking(noise, 0.75)), features) < 1e-5


def test_imagenet_pixels_come_back_in_unit_range():
    model = VitMae(SHAPES[0], units=PIXEL_UNITS["imagenet"])
    images, noise = inputs(SHAPES[0])
    _, mask = model(images, noise)
    torch.testing.assert_close(model.to_pixels(model.targets(images), images, mask), images)
    assert model.learns_pixels
    assert not model.learns_what_it_tells


@pytest.mark.parametrize(("rows", "columns", "width"), [(4, 4, 16), (14, 14, 768), (2, 5, 8)])
def test_positions_equal_those_of_the_published_weights(rows, columns, width):
    """transformers' function puts the row first and says that the published weights have the column first."""
    row_first = build_2d_sinusoidal_position_embedding(rows, columns, width, cls_token=True)
    column_first = row_first.roll(width // 2, dims=1)
    torch.testing.assert_close(
        sine_cosine_positions(rows, columns, width)[0], column_first, rtol=0, atol=1e-6
    )


def test_a_rectangle_has_its_own_positions():
    shape = VitMaeShape((1, 4, 8), 2, VitSize(8, 1, 2), VitSize(8, 1, 2), 0.5)
    positions = VitMae(shape).pos_embed[0, 1:].view(2, 4, 8)
    assert torch.equal(positions[0, :, :4], positions[1, :, :4])  # the column's half
    assert torch.equal(positions[:, 0, 4:], positions[:, 3, 4:])  # the row's half
    assert len(positions.view(8, 8).unique(dim=0)) == 8


@pytest.mark.parametrize("shape", SHAPES)
def test_parameters_and_macs_of_the_closed_formulas(shape):
    model = VitMae(shape)
    assert sum(parameter.numel() for parameter in model.parameters()) == shape.parameters
    images, noise = inputs(shape, count=3)
    # as two matrix products attention is counted by every version of torch, fused on a CPU only since 2.15
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        model(images, noise)
    assert counter.get_total_flops() == 2 * 3 * shape.macs


def test_initialisation_is_that_of_mae():
    torch.manual_seed(0)
    model = VitMae(VitMaeShape((3, 8, 8), 2, VitSize(64, 1, 2), VitSize(64, 1, 2)))
    for linear, inputs_outputs in ((model.blocks[0].attn.qkv, 64 + 192), (model.patch_embed.proj, 12 + 64)):
        bound = (6 / inputs_outputs) ** 0.5
        assert bound * 0.98 < linear.weight.abs().max().item() <= bound
    assert not model.blocks[0].mlp.fc1.bias.any()
    assert 0.015 < model.cls_token.std().item() < 0.025
    assert 0.015 < model.mask_token.std().item() < 0.025
    assert {name for name in model.state_dict() if "pos_embed" in name} == {"pos_embed", "decoder_pos_embed"}


def test_hidden_patches_do_not_reach_the_prediction():
    shape = SHAPES[0]
    torch.manual_seed(0)
    model = VitMae(shape, norm_pix=True)
    images, noise = inputs(shape)
    prediction, mask = model(images, noise)
    changed = torch.where(model.given(images, mask) == images, images, torch.rand_like(images))
    assert not torch.equal(changed, images)
    again, _ = model(changed, noise)
    assert torch.equal(again, prediction)
    assert torch.equal(model.to_pixels(prediction, changed, mask), model.to_pixels(prediction, images, mask))


def test_norm_pix_is_undone_exactly_where_all_patches_are_alike():
    """Every patch has mean 0.5 and one deviation, so the visible ones say all that is needed."""
    shape = VitMaeShape((1, 8, 8), 2, VitSize(8, 1, 2), VitSize(8, 1, 2))
    model = VitMae(shape, norm_pix=True)
    patch = torch.tensor([[0.2, 0.8], [0.4, 0.6]])
    images = torch.stack([patch.repeat(4, 4), patch.flip(0).repeat(4, 4)])[:, None]
    mask = torch.rand(2, 16) < 0.75
    assert mask.any()
    restored = model.to_pixels(model.targets(images), images, mask)
    torch.testing.assert_close(restored, images, rtol=0, atol=1e-4)


def test_features_are_the_mean_patch_of_the_whole_image():
    shape = SHAPES[0]
    model = VitMae(shape)
    images, _ = inputs(shape)
    features = model.features(images)
    assert features.shape == (5, 16)
    last = {}
    model.norm.register_forward_hook(lambda _module, _input, output: last.update(tokens=output))
    model.features(images)
    assert last["tokens"].shape == (5, 1 + 16, 16)
    torch.testing.assert_close(features, last["tokens"][:, 1:].mean(1))


def test_one_number_a_patch_cannot_be_normalised():
    shape = VitMaeShape((1, 4, 4), 1, VitSize(8, 1, 2), VitSize(8, 1, 2))
    with pytest.raises(UsageError, match="1x1 pixels and 1 channel has no deviation"):
        VitMae(shape, norm_pix=True)


def test_it_learns_on_one_batch():
    shape = VitMaeShape((3, 8, 8), 2, VitSize(16, 2, 2), VitSize(16, 1, 2))
    torch.manual_seed(0)
    model = VitMae(shape)
    rows = torch.linspace(0, 1, 8)
    images = torch.rand(16, 3, 1, 1) * rows[:, None] * rows.flip(0)[None, :]
    noise = mask_noise(0, torch.arange(16), 16)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, betas=(0.9, 0.95))
    losses = []
    for _ in range(60):
        loss = model.loss(images, *model(images, noise))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.05 * losses[0]
