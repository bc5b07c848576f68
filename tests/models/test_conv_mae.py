"""The convolutional masked autoencoder: grey where hidden, hidden pixels counted, plain at ratio 0."""

import pytest
import torch

from aetui.errors import UsageError
from aetui.models.build import build_chain
from aetui.models.conv_mae import ConvMae
from aetui.models.masked_autoencoder import MaskedAutoencoder
from aetui.models.masking import GREY, unpatchify
from aetui.models.vit_mae import VitMae
from aetui.shapes.chain import trace
from aetui.shapes.language import parse_chain
from aetui.shapes.vit import VitMaeShape, VitSize

torch.set_num_threads(1)

IMAGE = (3, 8, 8)
ENCODER = parse_chain(["conv 4 k3 s2 p1", "relu", "conv 6 k3 s2 p1"])
DECODER = parse_chain(["convt 4 k4 s2 p1", "relu", "convt 3 k4 s2 p1", "sigmoid"])


def conv_mae(ratio=0.75, patch=2):
    torch.manual_seed(0)
    latent = trace(IMAGE, ENCODER)[-1].output
    return ConvMae(build_chain(IMAGE, ENCODER), build_chain(latent, DECODER), IMAGE, patch, ratio)


def vit_mae():
    torch.manual_seed(0)
    return VitMae(VitMaeShape(IMAGE, 2, VitSize(8, 1, 2), VitSize(8, 1, 2)), norm_pix=True)


def test_the_encoder_sees_grey_where_patches_are_hidden():
    model = conv_mae()
    seen = []
    model.encoder.register_forward_hook(lambda _module, inputs, _output: seen.append(inputs[0]))
    images = torch.rand(4, *IMAGE)
    _, mask = model(images, torch.rand(4, 16))
    hidden = unpatchify(mask[:, :, None].expand(-1, -1, 12), IMAGE, 2)
    assert hidden.float().mean() == 0.75
    assert (seen[0][hidden] == GREY).all()
    assert torch.equal(seen[0][~hidden], images[~hidden])


def test_the_loss_counts_hidden_pixels_only():
    model = conv_mae()
    images = torch.rand(4, *IMAGE)
    prediction, mask = model(images, torch.rand(4, 16))
    hidden = unpatchify(mask[:, :, None].expand(-1, -1, 12), IMAGE, 2)
    pixels = model.to_pixels(prediction, images, mask)
    expected = (pixels - images)[hidden].square().mean()
    torch.testing.assert_close(model.loss(images, prediction, mask), expected)
    torch.testing.assert_close(model.pixel_errors(images, pixels, mask).mean(), expected)


def test_ratio_0_is_the_plain_autoencoder():
    model = conv_mae(ratio=0)
    images = torch.rand(4, *IMAGE)
    prediction, mask = model(images, torch.rand(4, 16))
    plain = model.decoder(model.encoder(images))
    assert not mask.any()
    assert torch.equal(model.to_pixels(prediction, images, mask), plain)
    torch.testing.assert_close(model.loss(images, prediction, mask), (plain - images).square().mean())


def test_features_are_the_encoders_flattened_output_of_the_whole_image():
    model = conv_mae()
    images = torch.rand(4, *IMAGE)
    assert torch.equal(model.features(images), model.encoder(images).reshape(4, 6 * 2 * 2))


@pytest.mark.parametrize("make", [conv_mae, vit_mae])
def test_training_treats_both_alike(make):
    model: MaskedAutoencoder = make()
    images = torch.rand(4, *IMAGE)
    prediction, mask = model(images, torch.rand(4, model.patches))
    assert prediction.shape == (4, 16, 12)
    assert mask.sum(1).tolist() == [12] * 4
    model.loss(images, prediction, mask).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    assert model.features(images).dim() == 2

    pixels = model.to_pixels(prediction, images, mask)
    given = model.given(images, mask)
    pasted = model.pasted(images, pixels, mask)
    hidden = unpatchify(mask[:, :, None].expand(-1, -1, 12), IMAGE, 2)
    assert (given[hidden] == 0.5).all()
    assert torch.equal(given[~hidden], images[~hidden])
    assert torch.equal(pasted[hidden], pixels[hidden])
    assert torch.equal(pasted[~hidden], images[~hidden])


@pytest.mark.parametrize("make", [conv_mae, vit_mae])
def test_the_mask_ratio_can_be_changed_between_steps(make):
    model = make()
    images, noise = torch.rand(2, *IMAGE), torch.rand(2, 16)
    model.mask_ratio = 0.5
    _, mask = model(images, noise)
    assert mask.sum(1).tolist() == [8, 8]


@pytest.mark.parametrize(
    ("patch", "ratio", "message"),
    [
        (3, 0.75, "patch 3 does not divide the image 8x8"),
        (2, 1.0, "mask ratio 1 is not from 0 to below 1"),
        (2, -0.1, "mask ratio -0.1 is not from 0 to below 1"),
        (4, 0.8, "mask ratio 0.8 leaves no visible patch of 4"),
    ],
)
def test_what_cannot_be_masked_is_refused(patch, ratio, message):
    with pytest.raises(UsageError, match=message):
        conv_mae(ratio, patch)
