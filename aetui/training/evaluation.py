"""The test after every epoch: every image's error, and pictures of the fixed, the worst and the best."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import TypeVar

import torch
from torch import Tensor, nn

from aetui.data.batches import in_order
from aetui.data.images import ImageSet
from aetui.runs.events import Detection
from aetui.training.detection import detection
from aetui.training.objective import Objective, Tested
from aetui.training.ranks.orders import HandIn, TestBatches, TestSet
from aetui.training.ranks.team import Team
from aetui.training.similarity import structural_similarity

LARGEST_BATCH = 256
LARGEST_BATCH_VALUES = 16_000_000
"""Pixel values in a test batch; large images come in smaller batches."""
MOST_PICTURES = 16
MOST_PICTURE_VALUES = 4_000_000
"""Pixel values of the pictures of one view; of large images fewer are kept."""


@dataclass(frozen=True)
class Pictures:
    """Some test images with what the model made of them, on the CPU."""

    indices: Tensor
    """In the test set: (n,), int64."""
    errors: Tensor
    """As in `Tested`: (n,), float32."""
    views: dict[str, Tensor]
    """By name, pixels in about [0, 1]: (n, C, H, W), float32."""


P = TypeVar("P", Pictures, Tested)


@dataclass(frozen=True)
class Evaluation:
    """The whole test set, tested."""

    errors: Tensor
    """As in `Tested`, of every image: (N,), float32, on the CPU."""
    fixed: Pictures
    """The first test images."""
    worst: Pictures
    """Those with the largest errors, the largest first."""
    best: Pictures
    """Those with the smallest errors, the smallest first."""
    loss: float
    """The mean over all images that are not abnormal, in float64; so are the other means."""
    pixels: float | None = None
    """The mean squared error in pixels, where the loss measures something else."""
    similarity: float | None = None
    """The mean structural similarity of what came back; of masked images, with the visible patches in it."""
    predicted: Tensor | None = None
    """The class found for every image, where classes are told apart: (N,), int64, on the CPU."""
    accuracy: float | None = None
    """The part of the images for which that is the right one, 0 to 1."""
    detection: Detection | None = None
    """Where some of the images are abnormal: how their errors tell that."""


def evaluate(
    model: nn.Module,
    test: ImageSet,
    objective: Objective,
    between: Callable[[], None],
    abnormal: Tensor | None = None,
    team: Team | None = None,
    name: TestSet = "test",
) -> Evaluation:
    """Test every image of the test set, of which some may be `abnormal` (N,), bool.

    `between` is called between two batches and may raise to leave the test. The ranks of a `team` test a
    batch each at a time, by their own copies of the model and of the images, which they call `name`.
    """
    team = team or Team()
    share = Share(model, test, objective)
    for first in range(0, share.batches, team.size):
        between()
        team.order(TestBatches(name, first))
        share.test(first + team.rank)
    team.order(HandIn())
    found = functools.reduce(share.merged, team.hand_in(share.found))
    return _summary(found, test, abnormal)


@dataclass(frozen=True)
class Found:
    """What was seen of some batches of a test."""

    measured: dict[int, Tested]
    """By the number of their batch, without views."""
    fixed: Pictures | None = None
    worst: Pictures | None = None
    best: Pictures | None = None


class Share:
    """The batches of a test that one rank looks at."""

    def __init__(self, model: nn.Module, images: ImageSet, objective: Objective) -> None:
        self._model = model.eval()
        self._images = images
        self._objective = objective
        self._size = batch_size_of_tests(images)
        self._found = Found({})
        self.batches = -(-len(images) // self._size)

    @torch.inference_mode()
    def test(self, number: int) -> None:
        """Test the batch of this number, if there is one."""
        first, before, count = number * self._size, self._found, most_pictures(self._images)
        if number >= self.batches:
            return
        rows = slice(first, first + self._size)
        batch = ImageSet(self._images.images[rows], self._images.labels[rows])
        tested = self._objective.test(self._model, batch, number, first)
        pictures = _all_of(tested, first)
        fixed = _chosen(pictures, torch.arange(min(count, len(batch)))) if number == 0 else before.fixed
        worst = _extremes(before.worst, pictures, count, largest=True)
        best = _extremes(before.best, pictures, count, largest=False)
        measured = {number: replace(tested, views={}, similarities=_similarities(tested.views))}
        self._found = Found(before.measured | measured, fixed, worst, best)

    @property
    def found(self) -> Found:
        """On the CPU."""
        found = self._found
        measured = {number: _on_cpu(tested) for number, tested in found.measured.items()}
        return Found(measured, *(kept and _on_cpu(kept) for kept in (found.fixed, found.worst, found.best)))

    def merged(self, a: Found, b: Found) -> Found:
        """What both saw together."""
        count = most_pictures(self._images)
        worst = _extremes(a.worst, b.worst, count, largest=True) if b.worst else a.worst
        best = _extremes(a.best, b.best, count, largest=False) if b.best else a.best
        return Found(a.measured | b.measured, a.fixed or b.fixed, worst, best)


def _summary(found: Found, test: ImageSet, abnormal: Tensor | None) -> Evaluation:
    """Of all batches."""
    assert found.fixed, "a test set has at least one image"
    assert found.worst
    assert found.best
    measured = [found.measured[number] for number in sorted(found.measured)]
    errors = torch.cat([one.errors for one in measured])
    losses, predicted, similarities = (
        _joined([getattr(one, name) for one in measured]) for name in ("losses", "predicted", "similarities")
    )
    counted = torch.ones(len(errors), dtype=torch.bool) if abnormal is None else ~abnormal.cpu()

    def mean(values: Tensor) -> float:
        return values[counted].double().mean().item()

    return Evaluation(
        errors,
        found.fixed,
        found.worst,
        found.best,
        loss=mean(errors if losses is None else losses),
        pixels=None if losses is None else mean(errors),
        similarity=None if similarities is None else mean(similarities),
        predicted=predicted,
        accuracy=None if predicted is None else mean(predicted == test.labels.cpu()),
        detection=None if counted.all() else detection(errors, ~counted),
    )


@torch.inference_mode()
def look(model: nn.Module, test: ImageSet, objective: Objective) -> Pictures:
    """The fixed samples as the model sees them now, given what the test gives them; its mode is kept."""
    was_training = model.training
    model.eval()
    batch = next(in_order(test, batch_size_of_tests(test)))
    pictures = _all_of(objective.test(model, batch, 0, 0), 0)
    model.train(was_training)
    return _on_cpu(_chosen(pictures, torch.arange(min(most_pictures(test), len(batch)))))


def most_pictures(test: ImageSet) -> int:
    """How many images of this size are kept as pictures."""
    return max(1, min(MOST_PICTURES, MOST_PICTURE_VALUES // test.images[0].numel()))


def batch_size_of_tests(test: ImageSet) -> int:
    """The same at every epoch, so that noisy inputs are the same too."""
    return max(1, min(LARGEST_BATCH, LARGEST_BATCH_VALUES // test.images[0].numel()))


def _similarities(views: dict[str, Tensor]) -> Tensor | None:
    """Of each image with what the model makes of it, (B,); None without one and for tiny images."""
    made = views.get("pasted", views.get("reconstruction"))
    return None if made is None else structural_similarity(views["original"], made)


def _joined(batches: list[Tensor | None]) -> Tensor | None:
    """The values of all images, where there are any."""
    there = [values for values in batches if values is not None]
    return torch.cat(there) if there else None


def _all_of(tested: Tested, first: int) -> Pictures:
    """A tested batch whose first image has this index."""
    indices = torch.arange(first, first + len(tested.errors), device=tested.errors.device)
    return Pictures(indices, tested.errors, tested.views)


def _chosen(pictures: Pictures, places: Tensor) -> Pictures:
    """Those at these places, on the device."""
    places = places.to(pictures.errors.device)
    views = {name: images[places] for name, images in pictures.views.items()}
    return Pictures(pictures.indices[places], pictures.errors[places], views)


def _extremes(so_far: Pictures | None, more: Pictures, count: int, *, largest: bool) -> Pictures:
    """The `count` most extreme of both, the most extreme first."""
    top = more.errors.topk(min(count, len(more.errors)), largest=largest).indices
    more = _chosen(more, top)
    if so_far is not None:
        views = {name: torch.cat([images, more.views[name]]) for name, images in so_far.views.items()}
        indices, errors = (torch.cat(pair) for pair in _pairs(so_far, more))
        more = Pictures(indices, errors, views)
    return _chosen(more, more.errors.topk(min(count, len(more.errors)), largest=largest).indices)


def _pairs(a: Pictures, b: Pictures) -> tuple[list[Tensor], list[Tensor]]:
    return [a.indices, b.indices], [a.errors, b.errors]


def _on_cpu(images: P) -> P:
    """Pictures or what was measured, the same on the CPU."""
    there = {field.name: getattr(images, field.name) for field in fields(images)}
    moved = {name: value.cpu() for name, value in there.items() if isinstance(value, Tensor)}
    return replace(images, **moved, views={name: view.cpu() for name, view in images.views.items()})
