"""Images set aside: the same in every run, every image in one part, with its label."""

import pytest
import torch

from aetui.data import images
from aetui.data.images import DataSet, ImageSet
from aetui.data.validation import evenly_spaced, with_validation
from aetui.errors import AetuiError


def numbered(count: int) -> ImageSet:
    """The image of number n is of n / 256 and n % 256; its label is n."""
    numbers = torch.arange(count)
    pixels = torch.stack([numbers // 256, numbers % 256], dim=1).to(torch.uint8)
    return ImageSet(pixels.view(count, 1, 1, 2), numbers)


def numbers_of(images: ImageSet) -> torch.Tensor:
    high, low = images.images.long().view(-1, 2).unbind(1)
    return 256 * high + low


def test_every_image_is_in_one_part_with_its_label() -> None:
    data = DataSet("", numbered(1000), numbered(7), ("a",))
    split = with_validation(data, 0.15)
    assert split.validation is not None
    assert (len(split.train), len(split.validation), len(split.test)) == (850, 150, 7)
    for part in (split.train, split.validation):
        assert torch.equal(numbers_of(part), part.labels)
    both = torch.cat([split.train.labels, split.validation.labels])
    assert sorted(both.tolist()) == list(range(1000))
    assert split.validation.labels[-1] - split.validation.labels[0] > 900, "from the whole set"
    again = with_validation(data, 0.15)
    assert again.validation is not None
    assert torch.equal(again.validation.labels, split.validation.labels)


@pytest.mark.parametrize("share", [0.01, 0.99])
def test_a_part_without_images_is_refused(share: float) -> None:
    with pytest.raises(
        AetuiError, match=r"A validation share of 0\.\d+ of 10 images leaves none on one side"
    ):
        with_validation(DataSet("", numbered(10), numbered(2), ("a",)), share)


def test_images_that_do_not_fit_twice_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MOST_MEMORY", 1e-12)
    with pytest.raises(AetuiError, match="too many to be split in memory"):
        with_validation(DataSet("", numbered(1000), numbered(2), ("a",)), 0.1)


def test_evenly_spaced_images_are_from_the_whole_set() -> None:
    assert evenly_spaced(numbered(10), 4).labels.tolist() == [0, 2, 5, 7]
    assert evenly_spaced(numbered(3), 100).labels.tolist() == [0, 1, 2]
