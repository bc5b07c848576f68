"""Fine-tuning: every weight is trained, the autoencoder stays, and the twin differs in its encoder alone."""

import pytest
import torch
import torch.nn.functional as F
from tiny_vits import SHAPES, hugging_face, inputs

from aetui.models.build import build_chain
from aetui.models.classifier import Classifier
from aetui.models.conv_mae import ConvMae
from aetui.models.hugging_face import from_hugging_face
from aetui.models.vit_mae import VitMae
from aetui.models.weights import load_weights
from aetui.shapes.chain import trace
from aetui.shapes.language import parse_chain
from aetui.shapes.vit import VitMaeShape, VitSize

torch.set_num_threads(1)

IMAGE = (3, 8, 8)


def vit_mae(seed):
    torch.manual_seed(seed)
    return VitMae(VitMaeShape(IMAGE, 2, VitSize(16, 2, 2), VitSize(8, 1, 2)))


def conv_mae(seed):
    encoder = parse_chain(["conv 4 k3 s2 p1", "batchnorm", "relu"])
    decoder = parse_chain(["convt 3 k4 s2 p1", "sigmoid"])
    latent = trace(IMAGE, encoder)[-1].output
    torch.manual_seed(seed)
    return ConvMae(build_chain(IMAGE, encoder), build_chain(latent, decoder), IMAGE, 2, 0.75)


both = pytest.mark.parametrize("make", [vit_mae, conv_mae])


def batch(count=12):
    generator = torch.Generator().manual_seed(0)
    return torch.rand(count, *IMAGE, generator=generator), torch.arange(count) % 5


@both
def test_gradients_reach_every_weight(make):
    classifier = Classifier(make(0), 5, seed=0)
    images, labels = batch()
    scores = classifier(images)
    assert scores.shape == (12, 5)
    F.cross_entropy(scores, labels).backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in classifier.parameters())


@both
def test_it_starts_undecided_on_the_encoders_features(make):
    autoencoder = make(0)
    classifier = Classifier(autoencoder, 5, seed=0)
    images, _ = batch()
    assert classifier(images).softmax(1).sub(0.2).abs().max() < 1e-3
    assert torch.equal(classifier.encoder.features(images), autoencoder.features(images))


@both
def test_the_autoencoder_stays_as_it_is(make):
    autoencoder = make(0)
    before = {name: value.clone() for name, value in autoencoder.state_dict().items()}
    classifier = Classifier(autoencoder, 5, seed=0)
    assert all(module.training for module in classifier.modules())
    optimizer = torch.optim.AdamW(classifier.parameters(), lr=0.01)
    images, labels = batch()
    for _ in range(40):
        optimizer.zero_grad()
        loss = F.cross_entropy(classifier(images), labels)
        loss.backward()
        optimizer.step()
    assert loss < 0.5
    assert autoencoder.state_dict().keys() == before.keys()
    assert all(torch.equal(value, before[name]) for name, value in autoencoder.state_dict().items())


@both
def test_nothing_of_the_decoder_is_kept(make):
    autoencoder = make(0)
    names = {name for name in autoencoder.state_dict() if not name.startswith(("decoder", "mask_token"))}
    classifier = Classifier(autoencoder, 5, seed=0)
    assert set(classifier.encoder.state_dict()) == names
    for name, value in classifier.encoder.state_dict().items():
        assert torch.equal(value, autoencoder.state_dict()[name])


@both
def test_the_twin_differs_in_the_encoder_alone(make):
    pretrained = Classifier(make(0), 5, seed=3)
    twin = Classifier(make(1), 5, seed=3)
    ours, other = pretrained.state_dict(), twin.state_dict()
    assert {name: value.shape for name, value in ours.items()} == {n: v.shape for n, v in other.items()}
    assert torch.equal(ours["head.weight"], other["head.weight"])
    drawn = [f"encoder.{name}" for name, value in pretrained.encoder.named_parameters() if value.dim() > 1]
    assert drawn
    assert not any(torch.equal(ours[name], other[name]) for name in drawn)


def test_making_one_leaves_the_random_state():
    autoencoder = vit_mae(0)
    state = torch.get_rng_state()
    Classifier(autoencoder, 5, seed=0)
    assert torch.equal(torch.get_rng_state(), state)
    assert not torch.equal(
        Classifier(autoencoder, 5, 0).head.weight, Classifier(autoencoder, 5, 1).head.weight
    )


@pytest.mark.parametrize("pool", ["mean", "class"])
def test_a_head_reads_what_facebooks_reads(pool):
    """`forward_features` of mae's fine-tuning, from the tokens of transformers' model."""
    shape = SHAPES[0]
    theirs = hugging_face(shape)
    theirs.vit.config.mask_ratio = theirs.vit.embeddings.config.mask_ratio = 0.0
    autoencoder = VitMae(shape)
    load_weights(autoencoder, from_hugging_face(theirs.state_dict()))
    classifier = Classifier(autoencoder, 5, 0, pool)
    images, noise = inputs(shape)
    tokens = theirs.vit(images, noise=noise, output_hidden_states=True)
    if pool == "mean":  # of the last block's tokens, then a norm of its own
        features = tokens.hidden_states[-1][:, 1:].mean(1)
        read = F.layer_norm(features, (16,), eps=1e-6)
        assert classifier.state_dict().keys() >= {"norm.weight", "norm.bias"}
        assert "encoder.norm.weight" not in classifier.state_dict()
    else:
        features = read = tokens.last_hidden_state[:, 0]
        assert "norm.weight" not in classifier.state_dict()
    torch.testing.assert_close(classifier.features(images), features, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(classifier(images), classifier.head(read), rtol=1e-4, atol=1e-8)
    classifier(images).sum().backward()
    assert all(parameter.grad is not None for parameter in classifier.parameters())
    assert "norm.weight" in autoencoder.state_dict()
    assert not autoencoder.reads_class_token
