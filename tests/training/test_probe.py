"""Frozen features: the linear probe is at its optimum, the neighbours are those of a plain loop."""

import math

import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from aetui.data.generated import digits
from aetui.data.images import ImageSet
from aetui.models.conv_mae import ConvMae
from aetui.training import probe as probe_module
from aetui.training.probe import (
    Features,
    features_of,
    linear_probe,
    logistic_regression,
    nearest_neighbours,
    penalised_loss,
    probe,
    standardisation,
)

torch.set_num_threads(1)

CPU = torch.device("cpu")
DIGITS = digits(train=600, test=200)


def nothing():
    pass


def blobs(count, spread, seed=0, width=8, classes=4):
    """Gaussian blobs around the first unit vectors."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % classes
    values = torch.eye(width)[labels] + spread * torch.randn(count, width, generator=generator)
    return Features(values, labels)


def pixels(image_set):
    return Features(image_set.images.flatten(1).float() / 255, image_set.labels)


def model():
    torch.manual_seed(0)
    encoder = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 5, stride=4), torch.nn.Dropout(), torch.nn.ReLU())
    return ConvMae(encoder, torch.nn.Sequential(), (1, 28, 28), patch=4, mask_ratio=0.75)


def test_separable_classes_are_found():
    train, test = blobs(200, 0.1), blobs(100, 0.1, seed=1)
    assert linear_probe(train, test, 4, nothing) == 1.0
    assert nearest_neighbours(train, test, 4, nothing) == 1.0


def test_the_gradient_is_zero_at_the_solution():
    train = blobs(300, 0.5)
    weight, bias = logistic_regression(train.values, train.labels, 4, nothing)
    weight.requires_grad_()
    bias.requires_grad_()
    loss = penalised_loss(train.values, train.labels, weight, bias)
    gradients = torch.autograd.grad(loss, [weight, bias])
    assert max(gradient.abs().max().item() for gradient in gradients) < 1e-5
    assert weight.abs().max() > 0.5
    assert loss < math.log(4)


def test_the_solution_is_that_of_plain_gradient_descent():
    train = blobs(300, 0.5)
    weight = torch.zeros(4, 8, dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([weight, bias], lr=1.0, momentum=0.9)
    for _ in range(2000):
        optimizer.zero_grad()
        scores = train.values.double() @ weight.T + bias
        summed = -scores.log_softmax(1)[torch.arange(300), train.labels].sum() + weight.square().sum() / 2
        (summed / 300).backward()
        optimizer.step()
    found, offset = logistic_regression(train.values, train.labels, 4, nothing)
    torch.testing.assert_close(found.double(), weight.detach(), rtol=0, atol=1e-3)
    torch.testing.assert_close(offset.double(), bias.detach(), rtol=0, atol=1e-3)


@pytest.mark.parametrize("share", [0.1, 0.03])
def test_correlated_features_are_learned_as_by_scikit_learn(share):
    """Features that have nearly everything in common: float32 stops early, 0.3 points of accuracy away."""

    def features(count, seed):
        own = blobs(count, 0.5, seed, width=40, classes=10).values * torch.logspace(0, -1.5, 40)
        common = torch.randn(count, 1, generator=torch.Generator().manual_seed(seed + 5))
        return Features(common + share * own, torch.arange(count) % 10)

    train, test = features(2000, 0), features(1000, 1)
    scaler = StandardScaler().fit(train.values.double().numpy())
    values, asked = (scaler.transform(part.values.double().numpy()) for part in (train, test))
    theirs = LogisticRegression(tol=1e-6, max_iter=10_000).fit(values, train.labels.numpy())
    assert linear_probe(train, test, 10, nothing) == theirs.score(asked, test.labels.numpy())


def test_scale_and_constant_features_do_not_matter():
    train, test = blobs(200, 0.5), blobs(200, 0.5, seed=1)
    plain = linear_probe(train, test, 4, nothing)
    scales = torch.tensor([1e-3, 1.0, 1e3, 1.0, 1.0, 1.0, 1.0, 1.0])

    def disguised(features):
        constant = torch.full((200, 2), 0.1) * torch.tensor([1.0, 0.0])
        return Features(torch.cat([features.values * scales + 5 * scales, constant], dim=1), features.labels)

    assert 0.5 < plain < 1
    assert linear_probe(disguised(train), disguised(test), 4, nothing) == pytest.approx(plain, abs=0.011)
    _, scale = standardisation(disguised(train).values)
    assert scale[-2:].tolist() == [1, 1]


def test_neighbours_are_those_of_a_plain_loop(monkeypatch):
    train, test = blobs(150, 1.0), blobs(80, 1.0, seed=1)
    right = 0
    for value, label in zip(test.values, test.labels, strict=True):
        similarities = [torch.cosine_similarity(value, known, dim=0).item() for known in train.values]
        nearest = sorted(range(150), key=lambda index: -similarities[index])[:7]
        votes = [0.0] * 4
        for index in nearest:
            votes[train.labels[index]] += math.exp(similarities[index] / 0.07)
        right += votes.index(max(votes)) == label
    assert 0.4 < right / 80 < 0.9
    assert nearest_neighbours(train, test, 4, nothing, k=7) == pytest.approx(right / 80)
    monkeypatch.setattr(probe_module, "LARGEST_CHUNK_VALUES", 150 * 9)
    assert nearest_neighbours(train, test, 4, nothing, k=7) == pytest.approx(right / 80)


def test_one_neighbour_of_a_known_image_is_itself():
    train = blobs(30, 3.0)
    assert nearest_neighbours(train, train, 4, nothing, k=1) == 1.0
    assert nearest_neighbours(blobs(4, 0.01), blobs(8, 0.01), 4, nothing, k=20) == 1.0


def test_raw_pixels_of_generated_digits():
    """600 train images give 0.88 and 0.915; 2,000 give 0.937 and 0.962."""
    train, test = pixels(DIGITS.train), pixels(DIGITS.test)
    assert linear_probe(train, test, 10, nothing) > 0.85
    assert nearest_neighbours(train, test, 10, nothing) > 0.88


def test_a_probe_changes_nothing_and_repeats_exactly():
    probed = model()
    weights = {name: value.clone() for name, value in probed.state_dict().items()}
    probed.train()
    state = torch.get_rng_state()
    results = [probe(probed, DIGITS.train, DIGITS.test, 10, CPU, nothing) for _ in range(2)]
    assert torch.equal(torch.get_rng_state(), state)
    assert probed.training
    assert all(torch.equal(value, weights[name]) for name, value in probed.state_dict().items())
    assert all(parameter.grad is None for parameter in probed.parameters())
    first, second = results
    assert (first.linear_accuracy, first.knn_accuracy) == (second.linear_accuracy, second.knn_accuracy)
    assert (first.train_images, first.test_images) == (600, 200)
    assert first.linear_accuracy > 0.5
    assert first.seconds > 0
    probed.eval()
    probe(probed, DIGITS.train, DIGITS.test, 10, CPU, nothing)
    assert not probed.training


def test_leaving_restores_the_training_mode():
    class LeftError(Exception):
        pass

    def leave():
        raise LeftError

    probed = model().train()
    with pytest.raises(LeftError):
        probe(probed, DIGITS.train, DIGITS.test, 10, CPU, leave)
    assert probed.training


def test_features_come_in_the_order_of_the_images(monkeypatch):
    probed = model().eval()
    whole = features_of(probed, DIGITS.test, CPU, nothing, most=1000)
    assert whole.values.shape == (200, 4 * 6 * 6)
    assert torch.equal(whole.labels, DIGITS.test.labels)
    monkeypatch.setattr(probe_module, "LARGEST_BATCH_VALUES", 28 * 28 * 30)
    torch.testing.assert_close(features_of(probed, DIGITS.test, CPU, nothing, 1000).values, whole.values)


def test_fewer_images_are_taken_from_the_whole_set(monkeypatch):
    """Class by class, as in a folder of images: every class is still there."""
    order = DIGITS.train.labels.argsort()
    by_class = ImageSet(DIGITS.train.images[order], DIGITS.train.labels[order])
    probed = model().eval()
    few = features_of(probed, by_class, CPU, nothing, most=100)
    assert few.labels.bincount(minlength=10).tolist() == [10] * 10
    whole = features_of(probed, by_class, CPU, nothing, most=600)
    torch.testing.assert_close(few.values, whole.values[::6])
    monkeypatch.setattr(probe_module, "MOST_FEATURE_VALUES", 50 * 144)
    assert len(features_of(probed, by_class, CPU, nothing, most=100).labels) == 50
