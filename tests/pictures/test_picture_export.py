import io

import numpy as np
import pytest
from PIL import Image

from aetui.errors import AetuiError
from aetui.pictures.export import MARGIN, ROWS, ZOOM, animation, contact_sheet
from aetui.pictures.grid import GAP
from aetui.pictures.sheet import Sample, Sheet


def epoch_sheet(
    epoch: int, channels: int = 1, size: int = 10, samples: int = 3, given: bool = False
) -> Sheet:
    """Originals of 200, what was given of 90, reconstructions as bright as the epoch's number."""
    values = {"original": 200} | ({"given": 90} if given else {}) | {"reconstruction": epoch}
    views = {
        name: np.full((samples, size, size, channels), value, np.uint8) for name, value in values.items()
    }
    return Sheet(views, tuple(Sample(index, str(index)) for index in range(samples)))


def rows_of(image: Image.Image, tile: int) -> list[int]:
    """The brightness of each row's first tile."""
    pixels = np.asarray(image.convert("L"))
    return [int(pixels[top + tile // 2, MARGIN + 1]) for top in range(0, len(pixels), tile + GAP)]


@pytest.mark.parametrize("channels", [1, 3])
def test_originals_once_and_a_row_an_epoch(channels):
    image = contact_sheet([(epoch, epoch_sheet(epoch, channels, given=True)) for epoch in (1, 2, 30)])
    tile = 10 * ZOOM
    assert image.size == (MARGIN + 3 * (tile + GAP) - GAP, 5 * (tile + GAP) - GAP)
    assert rows_of(image, tile) == [200, 90, 1, 2, 30]


def test_every_row_has_its_name():
    pixels = np.asarray(contact_sheet([(epoch, epoch_sheet(epoch)) for epoch in (1, 12)]))
    for top in range(0, len(pixels), 10 * ZOOM + GAP):
        assert pixels[top : top + 30, :MARGIN].max() > 200


def test_many_epochs_are_chosen_evenly():
    rows = rows_of(contact_sheet([(epoch, epoch_sheet(epoch)) for epoch in range(1, 101)]), 30)[1:]
    assert len(rows) == ROWS
    assert (rows[0], rows[-1]) == (1, 100)
    assert set(np.diff(rows)) <= {5, 6}


def test_pasted_patches_are_shown_where_there_are_any():
    sheet = epoch_sheet(5)
    sheet.views["pasted"] = np.full((3, 10, 10, 1), 77, np.uint8)
    assert rows_of(contact_sheet([(1, sheet)]), 30) == [200, 77]


def test_large_tiles_keep_their_size():
    assert contact_sheet([(1, epoch_sheet(1, size=100))]).height == 2 * (100 + GAP) - GAP


def frames(gif: bytes) -> list[tuple[np.ndarray, int]]:
    found = []
    with Image.open(io.BytesIO(gif)) as image:
        assert image.info["loop"] == 0
        for index in range(image.n_frames):
            image.seek(index)
            image.load()
            found.append((np.asarray(image.convert("RGB")), image.info["duration"]))
    return found


@pytest.mark.parametrize("channels", [1, 3])
def test_the_animation_plays_the_epochs(channels):
    played = frames(animation([(epoch, epoch_sheet(10 * epoch, channels)) for epoch in (1, 2, 3)]))
    assert [milliseconds for _, milliseconds in played] == [500, 500, 3000]
    assert [int(pixels[-1, -1, 0]) for pixels, _ in played] == pytest.approx([10, 20, 30], abs=2)
    assert all(pixels[:24].max() > 200 for pixels, _ in played)


def test_one_epoch_is_a_still_picture():
    assert len(frames(animation([(1, epoch_sheet(1)), (2, epoch_sheet(2))]))) == 2
    with Image.open(io.BytesIO(animation([(1, epoch_sheet(1))]))) as image:
        assert image.n_frames == 1


@pytest.mark.parametrize("export", [contact_sheet, animation])
def test_other_samples_are_refused(export):
    with pytest.raises(AetuiError, match="epoch 1 show other samples, views or sizes than those of epoch 2"):
        export([(1, epoch_sheet(1, samples=2)), (2, epoch_sheet(2))])
