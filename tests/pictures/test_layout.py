import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aetui.pictures.layout import ASCII, HALF_BLOCKS, Layout, Place, arrange, real_pixels

MNIST, CIFAR = (28, 28), (32, 32)
SURFACES = st.one_of(
    st.sampled_from([HALF_BLOCKS, ASCII]),
    st.builds(real_pixels, st.integers(1, 30), st.integers(1, 60)),
    st.builds(real_pixels, st.floats(4, 20), st.floats(8, 40)),
)
SIDES = st.integers(1, 300)


@pytest.mark.parametrize(("columns", "rows", "least"), [(80, 9, 2), (56, 30, 4), (140, 38, 16)])
def test_pairs_of_mnist_in_half_blocks(columns, rows, least):
    layout = arrange(columns, rows, HALF_BLOCKS, MNIST, views=2, samples=16)
    assert len(layout.samples) >= least
    assert min(layout.tile_height, layout.tile_width) >= 14


@pytest.mark.parametrize(("columns", "rows"), [(80, 22), (120, 38), (200, 58)])
@pytest.mark.parametrize("tile", [MNIST, CIFAR])
def test_a_gallery_of_sixteen(columns, rows, tile):
    layout = arrange(columns, rows, HALF_BLOCKS, tile, views=1, samples=1000, least_samples=16)
    assert len(layout.samples) >= 16
    assert layout.tile_width >= 8


def test_a_tile_in_its_own_size_is_preferred_to_empty_room():
    layout = arrange(200, 60, HALF_BLOCKS, MNIST, views=2, samples=2)
    assert layout.tile_height >= 28
    assert len(layout.samples) == 2


def test_real_pixels_are_never_reduced_where_there_is_room():
    layout = arrange(80, 22, real_pixels(10, 20), MNIST, views=2, samples=8)
    assert layout.tile_height >= 28
    assert layout.tile_rows >= 3


def test_views_beside_each_other_in_a_flat_panel_and_stacked_in_a_narrow_one():
    flat = arrange(80, 9, HALF_BLOCKS, MNIST, views=2, samples=8).samples[0]
    narrow = arrange(16, 30, HALF_BLOCKS, MNIST, views=2, samples=8).samples[0]
    assert [place.row for place in flat.views] == [1, 1]
    assert [place.column for place in narrow.views] == [0, 0]


def test_large_images_need_not_be_half_their_size():
    assert len(arrange(140, 38, HALF_BLOCKS, (224, 224), views=2, samples=4).samples) == 4


def test_one_sample_where_nothing_can_be_read():
    layout = arrange(20, 5, HALF_BLOCKS, MNIST, views=2, samples=16)
    assert len(layout.samples) == 1
    assert layout.tile_width == 8


@pytest.mark.parametrize("size", [(0, 0), (1, 1), (3, 1), (80, 1), (0, 9), (1, 30)])
def test_no_room_is_no_sample_or_small_ones(size):
    layout = arrange(*size, HALF_BLOCKS, MNIST, views=2, samples=16)
    assert len(layout.samples) == (10 if size == (1, 30) else 0)


def covered(layout: Layout) -> list[tuple[Place, int, int]]:
    """Place, columns and rows of every caption and tile."""
    captions = [(sample.caption, layout.caption_width, 1) for sample in layout.samples]
    tiles = [
        (place, layout.tile_columns, layout.tile_rows) for sample in layout.samples for place in sample.views
    ]
    return captions + tiles


@given(
    st.integers(0, 220),
    st.integers(0, 70),
    SURFACES,
    st.tuples(SIDES, SIDES),
    st.integers(1, 4),
    st.integers(1, 40),
    st.integers(1, 20),
)
def test_everything_is_inside_and_nothing_overlaps(columns, rows, surface, tile, views, samples, least):
    layout = arrange(columns, rows, surface, tile, views, samples, least)
    assert len(layout.samples) <= samples
    assert all(len(sample.views) == views for sample in layout.samples)
    cells = set()
    for place, width, height in covered(layout):
        assert place.column + width <= columns
        assert place.row + height <= rows
        area = {(place.column + x, place.row + y) for x in range(width) for y in range(height)}
        assert not cells & area
        cells |= area
    if layout.samples:
        assert layout.tile_columns == math.ceil(layout.tile_width / surface.cell_width)
        assert layout.tile_rows == math.ceil(layout.tile_height / surface.cell_height)


def test_four_views_stand_two_by_two_where_that_is_largest():
    layout = arrange(52, 17, HALF_BLOCKS, (32, 32), views=4, samples=16)
    assert (layout.tile_columns, layout.tile_rows) == (16, 8)
    [sample] = layout.samples
    assert sample.views == ((0, 1), (17, 1), (0, 9), (17, 9))


def test_five_views_use_the_room_in_two_rows():
    layout = arrange(78, 20, HALF_BLOCKS, (32, 32), views=5, samples=16)
    assert (layout.views_across, layout.tile_rows) == (3, 9)
    [sample] = layout.samples
    assert sample.views == ((0, 1), (19, 1), (38, 1), (0, 10), (19, 10))


def test_where_none_can_be_read_there_are_as_many_as_fit_at_the_largest_size():
    layout = arrange(12, 30, HALF_BLOCKS, MNIST, views=2, samples=16)
    assert len(layout.samples) == 2
    assert layout.tile_width == 12


@pytest.mark.parametrize("views", [2, 4, 5])
def test_a_caption_has_room_for_a_label_and_an_error(views):
    layout = arrange(54, 17, real_pixels(8, 17), (32, 32), views=views, samples=16)
    assert layout.samples
    assert layout.caption_width >= len("triangle 0.123")
