"""The embedded data sets: images generated from a seed, no download."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Generator, Tensor

from aetui.data import generated_digits, generated_shapes
from aetui.data.images import DataSet, ImageSet

CHUNK = 512  # images drawn at once: bounds the memory. Another number gives other images for the same seed

Draw = Callable[[Tensor, Generator], Tensor]


def digits(train: int = 10_000, test: int = 2_000, seed: int = 0) -> DataSet:
    """Generated digits: uint8 images (N, 1, 28, 28), white strokes on black like MNIST's, labels 0 to 9.

    `train` and `test` are numbers of images. The same numbers and seed give the same images, whatever torch's
    number of threads and global random state.
    """
    return _data_set("generated digits", generated_digits.CLASSES, generated_digits.draw, train, test, seed)


def shapes(train: int = 10_000, test: int = 2_000, seed: int = 0) -> DataSet:
    """Generated shapes: uint8 images (N, 3, 32, 32), one coloured shape each on a varied background.

    The numbers and the seed mean what they mean for `digits`; the labels are indices into `classes`.
    """
    return _data_set("generated shapes", generated_shapes.CLASSES, generated_shapes.draw, train, test, seed)


def _data_set(title: str, classes: tuple[str, ...], draw: Draw, train: int, test: int, seed: int) -> DataSet:
    """Train and test come from random streams of their own, so the size of one does not change the other."""
    return DataSet(
        title=title,
        train=_image_set(draw, len(classes), train, 2 * seed),
        test=_image_set(draw, len(classes), test, 2 * seed + 1),
        classes=classes,
    )


def _image_set(draw: Draw, classes: int, count: int, seed: int) -> ImageSet:
    """`count` images with every class equally often (within one), in shuffled order."""
    generator = Generator().manual_seed(seed)
    labels = torch.randperm(count, generator=generator) % classes
    with _one_thread():
        images = torch.cat([draw(chunk, generator) for chunk in torch.split(labels, CHUNK)])
    return ImageSet(images, labels)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Torch computes with one thread inside: every image the same to the bit, and steady speed.

    Drawing is many short operations. On a busy machine, waiting for a second thread at each of them took ten
    times longer than the work.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
