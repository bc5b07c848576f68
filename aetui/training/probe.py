"""What frozen features are worth: a linear classifier and nearest neighbours on top of them.

The model is only read. Nothing random is drawn, so torch's random state is as it was. N images, F features.
"""

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from aetui.data.batches import AHEAD, to_unit_range
from aetui.data.images import ImageSet
from aetui.training.ranks.orders import FeatureBatches, FeatureSet, HandIn
from aetui.training.ranks.team import Team

LARGEST_BATCH = 128
"""Images. A vision transformer on a CPU gives 460 features a second of 128 at once, 260 of 512."""
LARGEST_BATCH_VALUES = 2_000_000
"""Pixel values in a batch; larger images come in smaller batches."""
MOST_FEATURE_VALUES = 100_000_000
"""Features of the train images together, 400 MB; of models with very many features fewer images are taken."""
LARGEST_CHUNK_VALUES = 10_000_000
"""Similarities of test and train images at once."""
TEMPERATURE = 0.07
"""Of the neighbours' weights: Wu et al. (arXiv 1805.01978), section 3.4."""
LARGEST_GRADIENT = 1e-6
"""Of the mean loss, where L-BFGS has arrived; float32 does not get there."""
MOST_ITERATIONS = 5000
"""Of L-BFGS; features of trained encoders take 100 to 500."""
CONSTANT = 1e-6
"""A feature whose deviation is a smaller part of its largest value is constant up to rounding."""


class Encoder(Protocol):
    """A model with features: every masked autoencoder, and the plain one."""

    training: bool

    def features(self, images: Tensor) -> Tensor:
        """Features (N, F) of images (N, C, H, W) in [0, 1]."""

    def train(self, mode: bool) -> object:
        """Set the training mode, as in `nn.Module`."""


@dataclass(frozen=True)
class Features:
    """What a model makes of labelled images."""

    values: Tensor
    """(N, F), float32."""
    labels: Tensor
    """Class indices (N,), int64, on the same device."""


@dataclass(frozen=True)
class ProbeResult:
    """Both accuracies are the part of the test images, from 0 to 1, whose class was found."""

    linear_accuracy: float
    knn_accuracy: float
    train_images: int
    test_images: int
    seconds: float


def probe(
    model: Encoder,
    train: ImageSet,
    test: ImageSet,
    classes: int,
    device: torch.device,
    between: Callable[[], None],
    most_train: int = 50_000,
    team: Team | None = None,
) -> ProbeResult:
    """Classify the test images by frozen features, learned from at most `most_train` train images.

    `between` is called between batches, steps of the linear probe and chunks of neighbours, and may raise
    to leave. The ranks of a `team` compute a batch of features each at a time. The model's training mode is
    kept.
    """
    team = team or Team()
    began = perf_counter()
    was_training = model.training
    model.train(False)
    try:
        learned = features_of(model, train, device, between, most_train, team, "train")
        asked = features_of(model, test, device, between, len(test), team, "test")
    finally:
        model.train(was_training)
    return ProbeResult(
        linear_accuracy=linear_probe(learned, asked, classes, between),
        knn_accuracy=nearest_neighbours(learned, asked, classes, between),
        train_images=len(learned.labels),
        test_images=len(asked.labels),
        seconds=perf_counter() - began,
    )


def features_of(
    model: Encoder,
    image_set: ImageSet,
    device: torch.device,
    between: Callable[[], None],
    most: int,
    team: Team | None = None,
    name: FeatureSet = "train",
) -> Features:
    """Features on `device` of at most `most` images, evenly spaced: a folder's come class by class.

    The ranks of a `team` compute a batch each at a time, of their own copies of the images that they call
    `name`.
    """
    team = team or Team()
    share = FeatureShare(model, image_set, device, most)
    for first in range(0, share.batches, team.size):
        between()
        team.order(FeatureBatches(name, most, first))
        share.compute(first + team.rank)
    team.order(HandIn())
    found: dict[int, Tensor] = {}
    for handed_in in team.hand_in(share.found):
        found |= handed_in
    values = torch.cat([found[number] for number in sorted(found)]).to(device)
    return Features(values, image_set.labels[share.order.to(image_set.labels.device)].to(device))


class FeatureShare:
    """The batches of a set whose features one rank computes."""

    @torch.inference_mode()
    def __init__(self, model: Encoder, image_set: ImageSet, device: torch.device, most: int) -> None:
        self._model, self._set, self._device = model, image_set, device
        self._size = max(1, min(LARGEST_BATCH, LARGEST_BATCH_VALUES // image_set.images[0].numel()))
        width = model.features(to_unit_range(image_set.images[:1], device)).shape[1]
        count = max(1, min(most, len(image_set), MOST_FEATURE_VALUES // width))
        self.order = torch.arange(count) * len(image_set) // count
        self.batches = -(-count // self._size)
        self.found: dict[int, Tensor] = {}
        """Features (B, F) by the number of their batch, on the CPU."""

    @torch.inference_mode()
    def compute(self, number: int) -> None:
        """The features of the batch of this number, if there is one."""
        chosen = self.order[number * self._size : (number + 1) * self._size]
        if self._set.read_ahead:
            self._set.read_ahead(self.order[number * self._size : (number + 1 + AHEAD) * self._size])
        if len(chosen):
            pixels = self._set.images.index_select(0, chosen.to(self._set.images.device))
            self.found[number] = self._model.features(to_unit_range(pixels, self._device)).float().cpu()


def linear_probe(train: Features, test: Features, classes: int, between: Callable[[], None]) -> float:
    """The test accuracy of multinomial logistic regression on the train features, standardised."""
    mean, scale = standardisation(train.values)
    wide = torch.float32 if train.values.device.type == "mps" else torch.float64

    def standardised(values: Tensor) -> Tensor:
        return values.to(wide).sub_(mean).div_(scale)

    weight, bias = logistic_regression(standardised(train.values), train.labels, classes, between)
    scores = standardised(test.values) @ weight.T + bias
    return _accuracy(scores.argmax(1), test.labels)


def standardisation(values: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation (F,) of features (N, F); the deviation of a constant one counts as 1."""
    variance, mean = torch.var_mean(values, dim=0, correction=0)
    deviation = variance.sqrt()
    constant = deviation <= CONSTANT * values.abs().amax(0)
    return mean, deviation.masked_fill(constant, 1)


def logistic_regression(
    features: Tensor, labels: Tensor, classes: int, between: Callable[[], None]
) -> tuple[Tensor, Tensor]:
    """Weights (classes, F) and biases (classes,) for features (N, F) and labels (N,).

    The recipe of scikit-learn's `LogisticRegression`: the summed cross-entropy plus half the squared
    weights (C = 1, biases free), L-BFGS on the whole set from zero, until the gradient is gone.
    """
    weight = features.new_zeros(classes, features.shape[1]).requires_grad_()
    bias = features.new_zeros(classes).requires_grad_()
    optimizer = torch.optim.LBFGS(
        [weight, bias],
        max_iter=MOST_ITERATIONS,
        tolerance_grad=LARGEST_GRADIENT,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        between()
        optimizer.zero_grad()
        loss = penalised_loss(features, labels, weight, bias)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return weight.detach(), bias.detach()


def penalised_loss(features: Tensor, labels: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Scalar: the mean cross-entropy over N images plus the squared weights over 2 N."""
    penalty = weight.square().sum() / (2 * len(labels))
    return F.cross_entropy(features @ weight.T + bias, labels) + penalty


@torch.inference_mode()
def nearest_neighbours(
    train: Features, test: Features, classes: int, between: Callable[[], None], k: int = 20
) -> float:
    """The test accuracy of the vote of the `k` train images of largest cosine similarity s.

    Each votes with weight exp(s / 0.07): Wu et al., "Unsupervised Feature Learning via Non-Parametric
    Instance Discrimination" (arXiv 1805.01978), section 3.4.
    """
    k = min(k, len(train.labels))
    known = F.normalize(train.values).T
    chosen = []
    for asked in torch.split(test.values, max(1, LARGEST_CHUNK_VALUES // len(train.labels))):
        between()
        similarity, nearest = (F.normalize(asked) @ known).topk(k, dim=1)
        votes = torch.zeros(len(asked), classes, device=asked.device)
        votes.scatter_add_(1, train.labels[nearest], (similarity / TEMPERATURE).exp())
        chosen.append(votes.argmax(1))
    return _accuracy(torch.cat(chosen), test.labels)


def _accuracy(chosen: Tensor, labels: Tensor) -> float:
    return (chosen == labels).cpu().double().mean().item()
