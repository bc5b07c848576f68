"""The generated sets: reproducible, balanced, like what they imitate, and learnable."""

from collections.abc import Callable, Iterator

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from aetui.data.generated import digits, shapes
from aetui.data.images import DataSet, ImageSet
from aetui.shapes.vit import PIXEL_UNITS

Generate = Callable[..., DataSet]
BOTH = pytest.mark.parametrize("generate", [digits, shapes])


@pytest.fixture(scope="module")
def digit_set() -> DataSet:
    return digits(2000, 500)


@pytest.fixture(scope="module")
def shape_set() -> DataSet:
    return shapes(2000, 500)


@pytest.fixture
def own_threads() -> Iterator[None]:
    """The test sets torch's number of threads as it likes."""
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def same(one: ImageSet, other: ImageSet) -> bool:
    return torch.equal(one.images, other.images) and torch.equal(one.labels, other.labels)


def pixels(images: torch.Tensor) -> torch.Tensor:
    return images.float() / 255


@BOTH
def test_a_seed_means_the_same_images_whatever_the_global_random_state_and_threads(
    generate: Generate, own_threads: None
) -> None:
    torch.set_num_threads(2)
    torch.manual_seed(1)
    one = generate(600, 40, seed=3)
    assert torch.get_num_threads() == 2
    torch.manual_seed(2)
    torch.set_num_threads(1)
    other = generate(600, 40, seed=3)
    assert same(one.train, other.train)
    assert same(one.test, other.test)


@BOTH
def test_generating_leaves_the_global_random_state_alone(generate: Generate) -> None:
    before = torch.get_rng_state()
    generate(20, 10)
    assert torch.equal(torch.get_rng_state(), before)


@BOTH
def test_another_seed_means_other_images(generate: Generate) -> None:
    one, other = generate(40, 20, seed=0), generate(40, 20, seed=1)
    assert not torch.equal(one.train.images, other.train.images)
    assert not torch.equal(one.train.labels, other.train.labels)


@BOTH
def test_the_test_set_does_not_depend_on_the_size_of_the_train_set(generate: Generate) -> None:
    assert same(generate(20, 30).test, generate(50, 30).test)


@BOTH
def test_no_image_occurs_twice(generate: Generate) -> None:
    data = generate(800, 800)
    together = torch.cat((data.train.images, data.test.images)).flatten(1)
    assert len({image.numpy().tobytes() for image in together}) == 1600


@BOTH
def test_classes_are_balanced_and_shuffled(generate: Generate) -> None:
    data = generate(205, 100)
    counts = data.train.labels.bincount(minlength=len(data.classes))
    assert counts.tolist() == [21] * 5 + [20] * 5
    assert data.test.labels.bincount().tolist() == [10] * 10
    assert data.train.labels[:20].unique().numel() > 5
    assert not torch.equal(data.train.labels[:10], data.train.labels[10:20])


@pytest.mark.parametrize(("generate", "size"), [(digits, (1, 28, 28)), (shapes, (3, 32, 32))])
def test_types_and_sizes(generate: Generate, size: tuple[int, int, int]) -> None:
    data = generate(30, 20)
    assert data.train.images.shape == (30, *size)
    assert data.test.images.shape == (20, *size)
    assert data.train.images.is_contiguous()
    assert (data.train.images.dtype, data.train.labels.dtype) == (torch.uint8, torch.int64)


def test_titles_say_generated_and_classes_have_names() -> None:
    assert digits(10, 10).title == "generated digits"
    assert digits(10, 10).classes == tuple("0123456789")
    assert shapes(10, 10).title == "generated shapes"
    assert {"circle", "square", "triangle", "star", "ring", "cross", "heart"} < set(shapes(10, 10).classes)


def test_digits_have_as_much_ink_as_mnist(digit_set: DataSet) -> None:
    """MNIST: mean 0.1307, standard deviation 0.3081."""
    ink = pixels(digit_set.train.images)
    assert 0.12 < ink.mean() < 0.145
    assert 0.29 < ink.std() < 0.325
    assert (digit_set.train.images.amax((1, 2, 3)) > 240).all()
    assert (digit_set.train.images[:, :, 0, 0] == 0).all()


def test_digits_are_centred_by_mass(digit_set: DataSet) -> None:
    ink = pixels(digit_set.train.images)[:, 0]
    position = torch.arange(28.0)
    rows = (ink.sum(2) * position).sum(1) / ink.sum((1, 2))
    columns = (ink.sum(1) * position).sum(1) / ink.sum((1, 2))
    for middle in (rows, columns):
        assert middle.mean() == pytest.approx(13.5, abs=0.15)
        assert 0.3 < middle.std() < 1.0


def test_digits_look_like_their_labels(digit_set: DataSet) -> None:
    """One nearest neighbour; 0.97 here, 0.86 with as many images of MNIST."""
    train, test = (pixels(part.images).flatten(1) for part in (digit_set.train, digit_set.test))
    nearest = torch.cdist(test, train).argmin(1)
    correct = digit_set.train.labels[nearest] == digit_set.test.labels
    assert correct.float().mean() > 0.92


def test_shapes_use_the_whole_range_of_colours(shape_set: DataSet) -> None:
    colours = pixels(shape_set.train.images)
    assert 0.35 < colours.mean() < 0.6
    assert 0.2 < colours.std() < 0.35
    assert colours.mean((0, 2, 3)).std() < 0.05
    # Shape and background differ: no image is nearly flat.
    assert (colours.std((2, 3)).amax(1) > 0.05).all()


def test_shapes_look_like_their_labels(shape_set: DataSet, own_threads: None) -> None:
    """A small convolutional network: about 0.8, where chance is 0.1."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    train, test = pixels(shape_set.train.images), pixels(shape_set.test.images)
    network = nn.Sequential(
        *(nn.Conv2d(3, 16, 5, stride=2, padding=2), nn.BatchNorm2d(16), nn.ReLU()),
        *(nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU()),
        *(nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(64, 10)),
    )
    optimizer = torch.optim.Adam(network.parameters(), 4e-3)
    for batch in torch.cat([torch.randperm(len(train)) for _ in range(5)]).split(50):
        optimizer.zero_grad()
        F.cross_entropy(network(train[batch]), shape_set.train.labels[batch]).backward()
        optimizer.step()
    correct = network.eval()(test).argmax(1) == shape_set.test.labels
    assert correct.float().mean() > 0.6


@pytest.mark.parametrize("make", [digits, shapes], ids=["digits", "shapes"])
def test_the_units_of_generated_images_are_their_own(make):
    """`model.vit.pixels` standardises by these: the mean and the deviation of every channel."""
    pixels = make().train.images.double().div(255)
    units = PIXEL_UNITS[make.__name__]
    assert pixels.mean((0, 2, 3)).tolist() == pytest.approx(units.mean, abs=5e-5)
    assert pixels.transpose(0, 1).flatten(1).std(1, correction=0).tolist() == pytest.approx(
        units.std, abs=5e-5
    )
