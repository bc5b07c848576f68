"""The test after every epoch: every image's error, and pictures of the fixed, the worst and the best."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from aetui.data.batches import in_order
from aetui.data.images import ImageSet
from aetui.runs.events import Detection
from aetui.training.detection import detection
from aetui.training.objective import Objective, Tested
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


@torch.inference_mode()
def evaluate(
    model: nn.Module,
    test: ImageSet,
    objective: Objective,
    between: Callable[[], None],
    abnormal: Tensor | None = None,
) -> Evaluation:
    """Test every image of the test set, of which some may be `abnormal` (N,), bool.

    `between` is called between two batches and may raise to leave the test.
    """
    model.eval()
    count = most_pictures(test)
    measured: list[Tested] = []
    first = 0
    fixed = worst = best = None
    for number, batch in enumerate(in_order(test, batch_size_of_tests(test))):
        between()
        tested = objective.test(model, batch, number, first)
        pictures = _all_of(tested, first)
        fixed = fixed or _chosen(pictures, torch.arange(min(count, len(batch))))
        worst = _extremes(worst, pictures, count, largest=True)
        best = _extremes(best, pictures, count, largest=False)
        measured.append(replace(tested, views={}, similarities=_similarities(tested.views)))
        first += len(batch)
    assert fixed is not None, "a test set has at least one image"
    assert worst is not None
    assert best is not None
    return _summary(measured, test, abnormal, (_on_cpu(fixed), _on_cpu(worst), _on_cpu(best)))


def _summary(
    measured: list[Tested],
    test: ImageSet,
    abnormal: Tensor | None,
    chosen: tuple[Pictures, Pictures, Pictures],
) -> Evaluation:
    """Of all batches, with the pictures that were chosen: the fixed, the worst, the best."""
    errors = torch.cat([one.errors for one in measured]).cpu()
    losses, predicted, similarities = (
        _joined([getattr(one, name) for one in measured]) for name in ("losses", "predicted", "similarities")
    )
    counted = torch.ones(len(errors), dtype=torch.bool) if abnormal is None else ~abnormal.cpu()

    def mean(values: Tensor) -> float:
        return values[counted].double().mean().item()

    return Evaluation(
        errors,
        *chosen,
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
    """The values of all images on the CPU, where there are any."""
    there = [values for values in batches if values is not None]
    return torch.cat(there).cpu() if there else None


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


def _on_cpu(pictures: Pictures) -> Pictures:
    """The same on the CPU."""
    views = {name: images.cpu() for name, images in pictures.views.items()}
    return Pictures(pictures.indices.cpu(), pictures.errors.cpu(), views)
