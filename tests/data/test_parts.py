"""Which images of every batch a rank learns from: all ranks together see what one process sees."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from aetui.data.batches import batches, epoch_order
from aetui.data.parts import order_of_rank, part_of_rank, whole


@given(st.integers(1, 300), st.integers(1, 40))
def test_parts_of_a_batch_are_the_batch(batch, ranks):
    parts = [part_of_rank(batch, rank, ranks) for rank in range(ranks)]
    seen = [image for part in parts if part.counts for image in range(part.begin, part.end)]
    assert seen == list(range(batch))
    assert abs(sum(part.share for part in parts) - 1) < 1e-9
    assert all(0 <= part.begin < part.end <= batch for part in parts)
    sizes = [part.end - part.begin if part.counts else 0 for part in parts]
    assert max(sizes) - min(sizes) <= 1


@given(st.integers(1, 400), st.integers(1, 60), st.integers(1, 20))
def test_every_rank_takes_every_step_on_its_part_of_the_same_batch(images, batch_size, ranks):
    batch_size = max(batch_size, ranks)
    order, values = epoch_order(3, 1, images), torch.arange(images)
    expected = list(batches(values, order, batch_size))
    for rank in range(ranks):
        each = part_of_rank(batch_size, rank, ranks)
        own = order_of_rank(order, batch_size, rank, ranks)
        seen = list(batches(values, own, each.end - each.begin))
        assert len(seen) == len(expected)
        for mine, batch in zip(seen, expected, strict=True):
            assert torch.equal(mine, part_of_rank(len(batch), rank, ranks).cut(batch))


def test_a_thousand_ranks_see_every_image_of_an_epoch_once():
    """As for ImageNet: 1,281,167 images in batches of 4,096."""
    order = epoch_order(0, 1, 1_281_167)
    seen = torch.zeros(len(order), dtype=torch.int64)
    steps = set()
    for rank in range(1024):
        own = order_of_rank(order, 4096, rank, 1024)
        steps.add(-(-len(own) // 4))
        last = part_of_rank(len(order) % 4096, rank, 1024)
        seen[own if last.counts else own[:-1]] += 1
    assert bool((seen == 1).all())
    assert steps == {313}


def test_a_single_process_has_whole_batches():
    assert whole(torch.arange(5)).share == 1
    assert order_of_rank(order := torch.arange(10), 4, 0, 1) is order
