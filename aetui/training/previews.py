"""The pictures of a run, after each test or when requested, as files of its folder.

See `aetui.pictures.sheet` for what a file holds.
"""

from pathlib import Path

import torch
from torch import Tensor

from aetui.data.images import ImageSet
from aetui.files import check_no_link, write_whole
from aetui.pictures.pixels import Images, displayable, to_uint8
from aetui.pictures.sheet import Sample, Sheet, to_png
from aetui.runs.events import Emit, PreviewSaved, SampleChoice, Warned
from aetui.training.evaluation import Evaluation, Pictures, look
from aetui.training.training import Training


def draw_epoch(training: Training, tested: Evaluation, emit: Emit) -> None:
    """Write the pictures of the test: the fixed samples, the worst and the best."""
    places, training.places_before = places_of(tested.errors), training.places
    training.places = places
    name = f"epoch_{training.progress.epoch:04d}"
    chosen: dict[SampleChoice, Pictures] = {"fixed": tested.fixed, "worst": tested.worst, "best": tested.best}
    for samples, pictures in chosen.items():
        end = "" if samples == "fixed" else f"_{samples}"
        _draw(training, emit, samples, pictures, f"{name}{end}.png", tested)


def draw_step(training: Training, emit: Emit) -> None:
    """Write the pictures of the fixed samples as the model sees them now."""
    training.put_together()
    pictures = look(training.judged, training.test, training.objective)
    _draw(training, emit, "fixed", pictures, f"step_{training.progress.step:08d}.png")


def _draw(
    training: Training,
    emit: Emit,
    samples: SampleChoice,
    pictures: Pictures,
    name: str,
    tested: Evaluation | None = None,
) -> None:
    progress, path = training.progress, training.folder.previews / name
    ranks = (None, None) if samples == "fixed" else (training.places, training.places_before)
    try:
        save_preview(path, samples, pictures, training.test, training.classes, *ranks, tested)
    except OSError as error:
        emit(Warned(f"the pictures of epoch {progress.epoch} cannot be written: {error.strerror}"))
    else:
        emit(PreviewSaved(progress.epoch, name, progress.step, samples))


def save_preview(
    path: Path,
    title: str,
    pictures: Pictures,
    test: ImageSet,
    classes: tuple[str, ...],
    places: Tensor | None = None,
    places_before: Tensor | None = None,
    tested: Evaluation | None = None,
) -> None:
    """Write a PNG of the pictures, a row a view.

    `places` (N,) are the ranks of all test images by error, 1 the largest, now and at the test before, and
    `tested` is that test, where they are known. Raises OSError.
    """
    predicted = tested.predicted if tested else None
    threshold = tested.detection.threshold if tested and tested.detection else None
    samples = [
        Sample(
            index=index,
            label=classes[int(test.labels[index])],
            error=float(error),
            place=None if places is None else int(places[index]),
            place_before=None if places_before is None else int(places_before[index]),
            predicted=None if predicted is None else classes[int(predicted[index])],
        )
        for index, error in zip(pictures.indices.tolist(), pictures.errors, strict=True)
    ]
    check_no_link(path.parent)
    views = {name: _pixels(images) for name, images in pictures.views.items()}
    write_whole(path, to_png(Sheet(views, tuple(samples), title, threshold)))


def places_of(errors: Tensor) -> Tensor:
    """The rank of every image (N,) by its error (N,), 1 the largest."""
    places = torch.empty(len(errors), dtype=torch.int64)
    places[errors.argsort(descending=True, stable=True)] = torch.arange(1, len(errors) + 1)
    return places


def _pixels(images: Tensor) -> Images:
    """Pictures (n, C, H, W) in about [0, 1] as (n, H, W, 1 or 3), uint8."""
    return displayable(to_uint8(images.permute(0, 2, 3, 1).numpy()))
