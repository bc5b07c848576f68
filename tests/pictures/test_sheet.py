import contextlib
import io
import math
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from aetui.errors import AetuiError
from aetui.pictures.sheet import DamagedPicture, Sample, Sheet, read_sheet, to_png
from aetui.text import safe_text

RANDOM = np.random.default_rng(0)
HOSTILE = "[/x] [@click=app.quit]\x1b]0;x\x07‮😀\ud800\0" + 40 * "ä"


def a_sheet(samples: int = 3, size: tuple[int, int, int] = (5, 7, 3), views: int = 2) -> Sheet:
    names = ("original", "given", "reconstruction", "pasted")[:views]
    return Sheet(
        {name: RANDOM.integers(0, 256, (samples, *size), dtype=np.uint8) for name in names},
        tuple(Sample(10 * index, str(index), 0.25, index + 1, None) for index in range(samples)),
        "worst",
    )


WHOLE = to_png(a_sheet())


def described(text: object, size: tuple[int, int] = (5, 5), mode: str = "L") -> bytes:
    """A PNG with any text in the place of the description."""
    info = PngImagePlugin.PngInfo()
    info.add_text("aetui", str(text))
    buffer = io.BytesIO()
    Image.new(mode, size).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def written(folder: Path, data: bytes) -> Path:
    path = folder / "epoch_0004.png"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("samples", [1, 8])
@pytest.mark.parametrize("size", [(1, 1, 1), (28, 28, 1), (3, 50, 3)])
@pytest.mark.parametrize("views", [1, 4])
def test_what_is_written_is_read(tmp_path, samples, size, views):
    sheet = a_sheet(samples, size, views)
    again = read_sheet(written(tmp_path, to_png(sheet)))
    assert list(again.views) == list(sheet.views)
    assert all(np.array_equal(again.views[name], sheet.views[name]) for name in sheet.views)
    assert (again.samples, again.title, again.tile) == (sheet.samples, sheet.title, size)


def test_the_file_is_a_grid_to_look_at(tmp_path):
    sheet = a_sheet(samples=2, size=(5, 7, 3))
    with Image.open(written(tmp_path, to_png(sheet))) as image:
        assert image.size == (2 * 7 + 2, 2 * 5 + 2)
        pixels = np.asarray(image)
    assert np.array_equal(pixels[7:, 9:], sheet.views["given"][1])
    assert not pixels[5:7].any()
    assert not pixels[:, 7:9].any()


def test_an_error_that_is_not_finite_is_unknown(tmp_path):
    sheet = Sheet(
        {"original": np.zeros((2, 1, 1, 1), np.uint8)}, (Sample(0, "a", math.nan), Sample(1, "b", math.inf))
    )
    data = to_png(sheet)
    assert [sample.error for sample in read_sheet(written(tmp_path, data)).samples] == [None, None]


def test_hostile_labels_come_back_visible(tmp_path):
    sheet = Sheet({"original": np.zeros((1, 1, 1, 1), np.uint8)}, (Sample(0, HOSTILE, predicted=HOSTILE),))
    [sample] = read_sheet(written(tmp_path, to_png(sheet))).samples
    assert sample.label == safe_text(HOSTILE)


GOOD = '{"title": "x", "views": ["original"], "tile": [5, 5, 1], "samples": [{"index": 0, "label": "a"}]}'


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a PNG"),
        (b"GIF89a....", "not a PNG"),
        (b"<html>not found</html>", "not a PNG"),
        (b"\x89PNG\r\n\x1a\n\0\0", "ends after 10 bytes"),
        (to_png(a_sheet())[:-40], "PNG is damaged"),
        (described("{"), "what the PNG says of its pictures is damaged"),
        (described(GOOD.replace("[5, 5, 1]", "[5, 5, -1]")), "what the PNG says of its pictures is damaged"),
        (described(GOOD.replace('["original"]', "[]")), "what the PNG says of its pictures is damaged"),
        (described("[" * 100_000), "what the PNG says of its pictures is damaged"),
        (described(GOOD.replace("5, 5, 1", "6, 5, 1")), "should be 5x6 pixels in 1 channels and is 5x5 in 1"),
        (described(GOOD.replace("5, 5, 1", "5, 5, 2")), "what the PNG says of its pictures is damaged"),
        (described(GOOD.replace("5, 5, 1", "5, 9999999999999, 1")), "says of its pictures is damaged"),
        (described(GOOD.replace("original", "originaI")), "what the PNG says of its pictures is damaged"),
        (described(GOOD, (9, 5)), "is 9x5 in 1"),
        (described(GOOD, mode="RGB"), "is 5x5 in 3"),
        (described(GOOD, mode="1"), "should be"),
    ],
)
def test_damage_is_one_sentence_that_names_the_file(tmp_path, data, reason):
    path = written(tmp_path, data)
    with pytest.raises(DamagedPicture) as caught:
        read_sheet(path)
    assert isinstance(caught.value, AetuiError)
    assert str(path) in caught.value.sentence
    assert reason in caught.value.sentence
    assert "\n" not in caught.value.sentence


def test_a_picture_without_description_is_refused(tmp_path):
    buffer = io.BytesIO()
    Image.new("L", (5, 5)).save(buffer, "PNG")
    with pytest.raises(DamagedPicture, match="does not say what its pictures are"):
        read_sheet(written(tmp_path, buffer.getvalue()))


def test_no_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "none.png", tmp_path):
        with pytest.raises(DamagedPicture):
            read_sheet(path)


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def test_bombs_are_refused_unread(tmp_path, recwarn):
    header = (2**31 - 1).to_bytes(4, "big") * 2 + b"\x08\0\0\0\0"
    large = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000)))
    with pytest.raises(DamagedPicture, match="more than 80,000,000"):
        read_sheet(written(tmp_path, large))
    small = (9).to_bytes(4, "big") * 2 + b"\x08\0\0\0\0"
    for first in (chunk(b"IHDR", small), chunk(b"tEXt", small + bytes(8))):
        with pytest.raises(DamagedPicture, match="PNG is damaged"):
            read_sheet(written(tmp_path, large[:8] + first + large[8:]))
    text = chunk(b"zTXt", b"aetui\0\0" + zlib.compress(bytes(100_000_000)))
    with pytest.raises(DamagedPicture, match="PNG is damaged"):
        read_sheet(written(tmp_path, described(GOOD)[:33] + text + described(GOOD)[33:]))
    assert not list(recwarn)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece",
    [chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(10**6))), chunk(b"vOId", b""), chunk(b"IDAT", b"")],
)
def test_a_picture_in_very_many_pieces_is_refused_unread(tmp_path, piece):
    """Pillow reads them one by one, and unpacks profiles: a file of 100 MB took minutes."""
    good = described(GOOD)
    with pytest.raises(DamagedPicture, match="in too many pieces"):
        read_sheet(written(tmp_path, good[:33] + piece * (3 * 10**7 // len(piece)) + good[33:]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(st.data())
def test_any_damage_is_a_sheet_or_a_sentence(tmp_path, data):
    damaged = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.just(len(damaged)), st.integers(0, len(damaged))))
    path = written(tmp_path, bytes(damaged[:cut]))
    with contextlib.suppress(DamagedPicture):
        sheet = read_sheet(path)
        assert {images.shape[0] for images in sheet.views.values()} == {len(sheet.samples)}


def test_a_folder_of_pictures_that_became_a_link_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "epoch_0001.png").write_bytes(WHOLE)
    (tmp_path / "previews").symlink_to(tmp_path / "outside")
    with pytest.raises(DamagedPicture, match="it is a link"):
        read_sheet(tmp_path / "previews" / "epoch_0001.png")
