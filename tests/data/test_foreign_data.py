"""A data folder may come from anybody: nothing outside it is written, nothing in it is waited for."""

import contextlib
import json
import os
import struct
import zlib
from concurrent import futures
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from fetching import ONE, run
from https_server import CONTENTS, PACKED, ScriptedServer, file_answer
from image_folders import read
from PIL import Image

from aetui.data import download, imagefile
from aetui.data.catalogue import Source
from aetui.data.download import DownloadError
from aetui.data.imagefile import read_image
from aetui.errors import AetuiError

PART = ".partial/little/images.gz.part"


@pytest.mark.parametrize("placed", [".partial", ".partial/little", PART])
def test_a_link_among_what_was_fetched_is_not_followed(
    server: ScriptedServer, source: Source, tmp_path: Path, placed: str
) -> None:
    outside = tmp_path / "outside"
    (outside / "little").mkdir(parents=True)
    for path in (outside / "images.gz.part", outside / "little" / "images.gz.part"):
        path.write_bytes(b"x" * 10 * len(PACKED))
    data = tmp_path / "data"
    (data / placed).parent.mkdir(parents=True)
    (data / placed).symlink_to(outside / "images.gz.part" if placed == PART else outside)
    server.script(ONE, file_answer(PACKED))
    with pytest.raises(DownloadError, match="it is a link"):
        run(server, source, data)
    assert {path.stat().st_size for path in outside.rglob("*.part")} == {10 * len(PACKED)}


@pytest.mark.parametrize("make", [os.mkfifo, lambda part: os.link(part.parents[3] / "mine", part)])
def test_a_pipe_or_somebodys_file_is_no_part(
    server: ScriptedServer, source: Source, tmp_path: Path, make
) -> None:
    mine = tmp_path / "mine"
    mine.write_bytes(b"x" * 10 * len(PACKED))
    part = tmp_path / "data" / PART
    part.parent.mkdir(parents=True)
    make(part)
    server.script(ONE, file_answer(PACKED))
    with pytest.raises(DownloadError, match=r"not a file of data|it has another name elsewhere"):
        run(server, source, tmp_path / "data")
    assert mine.stat().st_size == 10 * len(PACKED)
    part.unlink()
    run(server, source, tmp_path / "data")
    assert (tmp_path / "data/Set/raw/images").read_bytes() == CONTENTS


@pytest.mark.parametrize(
    "index",
    [
        "null",
        "5",
        "true",
        '{"a": 1}',
        "[1]",
        '["of nobody"]',
        "[" * 100_000,
        "a pipe",
        '{"skipped": [], "images_sum": "01234567"}',
    ],
)
def test_an_index_of_decoded_images_that_is_none_is_made_anew(images: Path, index: str) -> None:
    expected = read(images).train.images.clone()
    path = next((images.parent / "cache").glob("*.json"))
    path.unlink()
    if index == "a pipe":
        os.mkfifo(path)
    else:
        path.write_text(index)
    assert torch.equal(read(images).train.images, expected)
    assert json.loads(path.read_text())["skipped"] == []


def test_large_images_are_decoded_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three kilobytes on the disk, in gigabytes of memory each."""
    for name, side in (("large", 9), ("small", 8)):
        Image.new("RGB", (side, side)).save(tmp_path / f"{name}.png")
    monkeypatch.setattr(imagefile, "LARGE_PIXELS", 64)
    with ThreadPoolExecutor(2) as pool:
        with imagefile.ONE_LARGE:
            waits = pool.submit(read_image, tmp_path / "large.png", (3, 8, 8))
            assert pool.submit(read_image, tmp_path / "small.png", (3, 8, 8)).result(20)
            with pytest.raises(futures.TimeoutError):
                waits.result(0.3)
        assert waits.result(20)


PIECES = {
    "z.jpg": (2, b"\xff\xe1\x00\x29Exif\0\0" + bytes(33)),
    "z.png": (33, bytes(4) + b"vOId" + zlib.crc32(b"vOId").to_bytes(4, "big")),
}
"""Of an image: where it could begin, and what it is."""


@pytest.mark.parametrize("name", PIECES)
def test_an_image_in_very_many_pieces_is_none(tmp_path: Path, name: str) -> None:
    """Pillow takes the square of their number, and for four megabytes of them ten seconds."""
    Image.new("RGB", (8, 8)).save(tmp_path / name)
    content = (tmp_path / name).read_bytes()
    at, piece = PIECES[name]
    (tmp_path / name).write_bytes(content[:at] + 20 * piece + content[at:])
    assert len(read_image(tmp_path / name, (3, 2, 2))) == 12
    (tmp_path / name).write_bytes(content[:at] + 10**5 * piece + content[at:])
    with pytest.raises(ValueError, match="in too many pieces"):
        read_image(tmp_path / name, (3, 2, 2))


def test_a_packed_bmp_is_read_pixel_by_pixel(tmp_path: Path) -> None:
    """As Pillow does, so that its pieces are not counted."""
    side = 400
    pixels = (b"\x01\x01" * side + b"\0\0") * side + b"\0\x01"
    colours = bytes(4) + b"\x00\x00\xff\x00" + bytes(254 * 4)
    header = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 8, 1, len(pixels), 0, 0, 256, 0)
    begin = 14 + len(header) + len(colours)
    head = b"BM" + struct.pack("<IHHI", begin + len(pixels), 0, 0, begin)
    (tmp_path / "packed.bmp").write_bytes(head + header + colours + pixels)
    red = read_image(tmp_path / "packed.bmp", (3, 2, 2))
    assert red == b"\xff" * 4 + bytes(8)


@pytest.mark.parametrize("name", ["z.webp", "z.ppm", "z.png", "z.tif"])
def test_images_of_holes_are_skipped_and_named(images: Path, name: str) -> None:
    """Pillow reads some whole, a comment without end byte by byte, and a list of strips of any length."""
    path = images / "red" / name
    Image.new("RGB", (8, 8)).save(path)
    if name == "z.ppm":
        path.write_bytes(b"P6\n#")
    os.truncate(path, 2 * 10**6)
    read(images)
    assert name in read.warnings[0]
    os.truncate(path, 4 * 10**9)
    with pytest.raises(ValueError, match="larger than 800 MB"):
        read_image(path, (3, 8, 8))


def test_an_archive_put_there_of_another_size_is_not_summed(
    server: ScriptedServer, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = tmp_path / source.archives[0].path
    packed.parent.mkdir(parents=True)
    packed.touch()
    os.truncate(packed, 8 * 10**9)
    summed = []
    has_checksum = download.has_checksum
    monkeypatch.setattr(
        download, "has_checksum", lambda path, *more: summed.append(path) or has_checksum(path, *more)
    )
    server.script(ONE, file_answer(PACKED))
    run(server, source, tmp_path)
    assert summed
    assert packed not in summed


def test_a_flipped_bit_among_decoded_images_is_mended(images: Path) -> None:
    expected = read(images).train.images.clone()
    path = next((images.parent / "cache").glob("*.images"))
    whole = path.read_bytes()
    path.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    assert torch.equal(read(images).train.images, expected)


def test_an_image_that_could_not_be_read_once_is_tried_again(
    images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where memory is short some of Pillow's decoders say that the file is damaged."""

    def short(path: Path, size: tuple[int, int, int]) -> bytes:
        if path.name == "0.png":
            raise OSError("could not create decoder object")
        return read_image(path, size)

    monkeypatch.setattr("aetui.data.folder.read_image", short)
    read(images)
    assert "3 of 30 image files" in read.warnings[0]
    monkeypatch.undo()
    data = read(images)
    assert (read.warnings, len(data.train) + len(data.test)) == ([], 30)


def test_decoded_images_are_not_kept_behind_a_link(images: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "cache").symlink_to(tmp_path / "outside")
    with pytest.raises(AetuiError, match="it is a link"):
        read(images)
    assert not list((tmp_path / "outside").iterdir())


def test_of_the_cache_only_its_own_files_go(images: Path) -> None:
    read(images)
    prefix = next((images.parent / "cache").glob("*.lock")).stem
    mine = images.parent / "cache" / f"{prefix}-thesis.txt"
    mine.write_text("mine")
    (images / "red" / "0.png").unlink()
    read(images)
    assert mine.read_text() == "mine"
    assert len(list(mine.parent.glob("*.images"))) == 1


@pytest.mark.parametrize("make", [Path.symlink_to, Path.hardlink_to, lambda lock, _: os.mkfifo(lock)])
def test_whatever_is_in_the_locks_place_stays_as_it_is(
    server: ScriptedServer, source: Source, images: Path, tmp_path: Path, make
) -> None:
    mine = tmp_path / "mine"
    mine.write_text("mine")
    mine.chmod(0o600)
    read(images)
    locks = [next((tmp_path / "cache").glob("*.lock")), tmp_path / "data/.partial/little.lock"]
    locks[1].parent.mkdir(parents=True)
    server.script(ONE, file_answer(PACKED))
    for lock, use in zip(
        locks, (lambda: read(images), lambda: run(server, source, tmp_path / "data")), strict=True
    ):
        lock.unlink(missing_ok=True)
        make(lock, mine)
        with contextlib.suppress(AetuiError):
            use()
        assert (mine.read_text(), mine.stat().st_mode & 0o777) == ("mine", 0o600)


def test_a_pipe_put_in_an_images_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "1.png")
    with pytest.raises(OSError, match="not a file of data"):
        read_image(tmp_path / "1.png", (1, 4, 4))
