"""Images on disk are asked for before their batch comes, and are the same."""

import hashlib

import torch
from image_folders import read

from aetui.data.batches import AHEAD, batches, epoch_order
from aetui.data.images import ImageSet
from aetui.data.mapped import MappedImages

SIZE = (3, 37, 41)
"""No image begins where a page of memory does, but the first."""


def test_what_is_mapped_is_what_was_written_also_when_read_ahead(tmp_path):
    written = torch.randint(0, 256, (50, *SIZE), dtype=torch.uint8)
    (tmp_path / "images").write_bytes(written.numpy().tobytes())
    mapped = MappedImages(tmp_path / "images", 50, SIZE)
    mapped.read_ahead(torch.tensor([49, 0, 7]))
    assert torch.equal(mapped.images, written)
    mapped.images.zero_()
    assert (tmp_path / "images").read_bytes() == written.numpy().tobytes()


def test_every_image_is_asked_for_once_and_before_its_batch():
    values, order, asked = torch.arange(23), epoch_order(0, 1, 23), []
    seen = 4  # the first batch was trained on before
    for batch in batches(values, order, 4, 1, asked.append):
        seen += len(batch)
        assert len(torch.cat(asked)) + 4 == min(23, seen + AHEAD * 4)
        assert torch.equal(batch, torch.cat(asked)[seen - len(batch) - 4 : seen - 4])
    assert torch.equal(torch.cat(asked), order[4:])


def test_a_folder_of_images_is_read_ahead(images):
    data = read(images)
    assert data.train.read_ahead is not None
    data.train.read_ahead(torch.arange(len(data.train)))


def test_images_are_summed_piece_by_piece_to_the_sum_of_all(monkeypatch):
    images = torch.randint(0, 256, (2500, 3, 4, 5), dtype=torch.uint8)
    monkeypatch.setattr("aetui.data.images.PIECE_BYTES", 1000)
    whole = hashlib.blake2b(images[::2].numpy().tobytes(), digest_size=4).hexdigest()
    assert ImageSet(images, torch.arange(2500)).fingerprint == f"2500 ({whole})"
