"""A folder's images are decoded once, into a cache that is made again where it does not fit any more."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from image_folders import COLOURS, read, save

from aetui.data import folder as folder_module
from aetui.data.files import Cancelled, Decoding
from aetui.data.folder import load_folder
from aetui.errors import AetuiError


def test_decoded_once(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = read(images)
    monkeypatch.setattr(folder_module, "read_image", None)  # a second decoding would skip every file
    again = read(images)
    assert torch.equal(again.train.images, first.train.images)


@pytest.mark.parametrize("damage", ["cut", "no index"])
def test_a_damaged_cache_is_made_again(images: Path, damage: str) -> None:
    expected = read(images).train.images.clone()
    cache = images.parent / "cache"
    if damage == "cut":
        path = next(cache.glob("*.images"))
        path.write_bytes(path.read_bytes()[:-1])
    else:
        next(cache.glob("*.json")).write_bytes(b"[")
    assert torch.equal(read(images).train.images, expected)


def test_a_changed_folder_is_read_again_and_the_old_cache_goes(images: Path) -> None:
    cache = images.parent / "cache"
    read(images)
    before = set(cache.iterdir())
    save(images / "red" / "0.png", (9, 9, 9), (9, 9))
    assert (read(images).train.images == 9).any() or (read(images).test.images == 9).any()
    after = set(cache.iterdir())
    assert len(after) == len(before)
    assert len(after & before) == 1, "only the lock file stays"


def test_a_file_changed_in_place_is_read_again(images: Path) -> None:
    path = save(images / "red" / "0.bmp", COLOURS["red"])
    read(images)
    before = path.stat()
    save(path, COLOURS["blue"])
    assert path.stat().st_size == before.st_size
    os.utime(path, ns=(0, before.st_mtime_ns + 1))
    data = read(images)
    blue = [(part.images[:, 2].amin(dim=(1, 2)) == 255).sum().item() for part in (data.train, data.test)]
    assert sum(blue) == 11


def load(images: Path, on_progress: Callable[[Decoding], None], cancelled: Callable[[], bool]) -> None:
    where = (images, (3, 4, 4), images.parent / "cache", 0.2, 0)
    load_folder(*where, on_progress=on_progress, on_warning=lambda text: None, cancelled=cancelled)


def test_cancel_leaves_nothing(images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_module, "CHUNK", 4)
    seen: list[Decoding] = []
    with pytest.raises(Cancelled):
        load(images, seen.append, lambda: bool(seen))
    assert seen == [Decoding(0, 30)]
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".lock"]


def test_a_stop_is_heard_between_two_images(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each may take minutes, in files that somebody made for it."""
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    decoded, asked = [], threading.Event()

    def decode(path: Path, size: tuple[int, int, int]) -> bytes:
        if decoded:
            asked.wait(30)
        decoded.append(path)
        return bytes(48)

    def cancelled() -> bool:
        if decoded:
            asked.set()
        return bool(decoded)

    monkeypatch.setattr(folder_module, "read_image", decode)
    with pytest.raises(Cancelled):
        load(images, lambda progress: None, cancelled)
    assert len(decoded) < 4


def test_a_cache_that_cannot_be_written(images: Path) -> None:
    (images.parent / "cache").write_bytes(b"in the way")
    with pytest.raises(AetuiError, match="could not be written to"):
        read(images)


def test_a_damaged_file_whose_name_is_not_utf_8_is_left_out_every_time(images: Path) -> None:
    damaged = os.fsencode(images / "red") + b"/\xff\xfe.png"
    with open(damaged, "wb") as file:  # noqa: PTH123
        file.write(b"garbage")
    for _ in range(2):
        found = read(images)
        assert len(found.train) + len(found.test) == 30
        assert read.warnings == [  # type: ignore[attr-defined]
            r"1 of 31 image files could not be read: red/\udcff\udcfe.png."
        ]
