"""A user's own folder of images."""

import errno
import os
from pathlib import Path

import pytest
import torch
from image_folders import COLOURS, read, save
from PIL import Image

from aetui.data import folder as folder_module
from aetui.data.folder_listing import SUFFIXES
from aetui.data.imagefile import read_image
from aetui.data.images import DataSet
from aetui.errors import AetuiError, UsageError


def refusal(path: Path, **options: object) -> str:
    with pytest.raises(UsageError) as caught:
        read(path, **options)  # type: ignore[arg-type]
    assert caught.value.hint
    assert not list(path.parent.glob("cache/*.images"))
    return caught.value.message


def colour_of(data: DataSet, images: torch.Tensor, labels: torch.Tensor) -> bool:
    expected = [COLOURS[data.classes[label]] for label in labels.tolist()]
    return images.float().mean(dim=(2, 3)).tolist() == [list(map(float, colour)) for colour in expected]


def test_a_seeded_split_of_class_folders(images: Path) -> None:
    data = read(images)
    assert (data.title, data.classes) == ("images", ("blue", "green", "red"))
    assert (data.train.images.shape, data.test.images.shape) == ((24, 3, 4, 4), (6, 3, 4, 4))
    assert data.train.images.dtype == torch.uint8
    assert data.train.labels.dtype == torch.int64
    assert colour_of(data, data.train.images, data.train.labels)
    assert colour_of(data, data.test.images, data.test.labels)
    assert torch.equal(read(images).test.labels, data.test.labels)
    assert any(not torch.equal(read(images, seed=seed).test.labels, data.test.labels) for seed in (1, 2, 3))


def test_train_and_test_folders(images: Path) -> None:
    (images / "red").rename(images / "test")
    save(images / "test" / "new" / "0.png")
    (images / "train").mkdir()
    for name in ("green", "blue"):
        (images / name).rename(images / "train" / name)
    data = read(images)
    assert (len(data.train), len(data.test)) == (20, 11)
    assert data.classes == ("blue", "green", "images", "new")


def test_images_without_class_folders_are_one_class(tmp_path: Path) -> None:
    for number in range(4):
        save(tmp_path / "plain" / f"{number}.jpg")
    data = read(tmp_path / "plain", test_share=0.25)
    assert (data.classes, len(data.train), len(data.test)) == (("images",), 3, 1)


def one_image(path: Path, size: tuple[int, int, int]) -> torch.Tensor:
    """The image at folder/train/…, alone in the train set."""
    save(path.parents[1] / "test" / "other.png")
    return read(path.parents[1], size).train.images[0]


def test_the_short_side_is_resized_and_the_middle_kept(tmp_path: Path) -> None:
    picture = Image.new("RGB", (60, 20), "red")
    picture.paste((0, 255, 0), (20, 0, 40, 20))
    path = tmp_path / "d" / "train" / "wide.png"
    path.parent.mkdir(parents=True)
    picture.save(path)
    pixels = one_image(path, (3, 10, 10))
    assert pixels[1, :, 2:8].min() > 250
    assert pixels[0, :, 2:8].max() < 5


def test_resizing_is_antialiased(tmp_path: Path) -> None:
    checks = Image.effect_noise((64, 64), 0).point(lambda _: 0)
    checks.putdata([255 * ((x + y) % 2) for y in range(64) for x in range(64)])
    path = tmp_path / "d" / "train" / "checks.png"
    path.parent.mkdir(parents=True)
    checks.save(path)
    assert (one_image(path, (1, 8, 8)).int() - 128).abs().max() <= 8


def test_exif_rotation(tmp_path: Path) -> None:
    picture = Image.new("RGB", (16, 16), "black")
    picture.paste((255, 255, 255), (0, 0, 16, 8))
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned a quarter clockwise: the white top comes to the right
    path = tmp_path / "d" / "train" / "turned.jpg"
    path.parent.mkdir(parents=True)
    picture.save(path, exif=exif, quality=100)
    pixels = one_image(path, (1, 16, 16))[0]
    assert pixels[:, :7].max() < 10
    assert pixels[:, 9:].min() > 245


@pytest.mark.parametrize(
    ("mode", "colour", "grey"),
    [
        ("RGBA", (0, 0, 0, 0), 255),
        ("RGBA", (0, 0, 0, 255), 0),
        ("LA", (0, 127), 128),
        ("L", 77, 77),
        ("1", 1, 255),
        ("I;16", 40_000, 156),
        ("RGB", (60, 60, 60), 60),
    ],
)
def test_modes(tmp_path: Path, mode: str, colour: object, grey: int) -> None:
    path = save(tmp_path / "d" / "train" / "x.png", colour, mode=mode)
    for channels in (1, 3):
        pixels = one_image(path, (channels, 4, 4))
        assert pixels.shape == (channels, 4, 4)
        assert pixels.unique().tolist() == [grey]


def test_a_large_jpeg_keeps_its_size_rules(tmp_path: Path) -> None:
    path = save(tmp_path / "d" / "train" / "x.jpg", (200, 100, 50), (1200, 900))
    assert one_image(path, (3, 32, 32)).float().mean(dim=(1, 2)).round().tolist() == [200, 100, 50]


def test_broken_files_are_skipped_and_named(images: Path) -> None:
    whole = (images / "red" / "0.png").read_bytes()
    (images / "red" / "0.png").write_bytes(whole[: len(whole) // 2])
    (images / "red" / "1.png").write_bytes(b"")
    (images / "red" / "2.png").unlink()
    (images / "red" / "2.png").symlink_to("nowhere.png")
    (images / "red" / "notes.txt").write_text("not an image, not looked at")
    for _ in range(2):  # decoded, then from the cache
        data = read(images)
        assert len(data.train) + len(data.test) == 27
        assert colour_of(data, data.train.images, data.train.labels)
        assert read.warnings == [  # type: ignore[attr-defined]
            "3 of 30 image files could not be read: red/0.png, red/1.png, red/2.png."
        ]


@pytest.mark.parametrize("error", [OSError(errno.EIO, "Input/output error"), MemoryError()])
def test_an_error_that_may_pass_is_no_smaller_set(
    images: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """A run that began without the image could never go on with it."""

    def failing(path: Path, size: tuple[int, int, int]) -> bytes:
        if path.name == "3.png" and path.parent.name == "red":
            raise error
        return read_image(path, size)

    monkeypatch.setattr(folder_module, "read_image", failing)
    with pytest.raises(AetuiError, match=r"red/3\.png cannot be read now: "):
        read(images)
    monkeypatch.undo()
    data = read(images)
    assert len(data.train) + len(data.test) == 30
    assert read.warnings == []  # type: ignore[attr-defined]


def test_a_picture_that_is_a_program_is_not_run(images: Path) -> None:
    """Pillow hands PostScript to Ghostscript, whatever its name ends in."""
    text = "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 20 20\n%%EndComments\n{} loop\n"
    (images / "red" / "0.png").write_text(text)
    assert len(read(images).train) + len(read(images).test) == 29
    assert read.warnings == ["1 of 30 image files could not be read: red/0.png."]  # type: ignore[attr-defined]


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_every_ending_that_is_looked_for_is_read(tmp_path: Path, suffix: str) -> None:
    for number in range(4):
        save(tmp_path / "images" / f"{number}{suffix}", 200, mode="L")
    assert len(read(tmp_path / "images", (1, 4, 4), 0.25).train) == 3


def test_nothing_to_train_or_test_on(images: Path, tmp_path: Path) -> None:
    assert refusal(tmp_path / "none") == f"The folder of images {tmp_path / 'none'} is not there."
    assert "is not a folder" in refusal(images / "red" / "0.png")
    (tmp_path / "empty").mkdir()
    assert "There are no image files in" in refusal(tmp_path / "empty")
    assert "Of the 30 images in" in refusal(images, test_share=0.01)
    assert "none is left for training" in refusal(images, test_share=0.99)
    (images / "train").mkdir()
    assert "has train/ but not both" in refusal(images)
    (images / "test").mkdir()
    save(images / "train" / "0.png")
    assert "There are no image files for testing" in refusal(images)
    (images / "test" / "0.png").write_bytes(b"broken")
    assert "No image of the test set" in refusal_after_decoding(images)
    (images / "train" / "0.png").write_bytes(b"broken")
    assert refusal(images).startswith("None of the 2 image files")


def refusal_after_decoding(path: Path) -> str:
    with pytest.raises(UsageError) as caught:
        read(path)
    for left in path.parent.glob("cache/*.images"):
        left.unlink()
    return caught.value.message


def test_links_to_files_and_folders_are_followed_but_not_for_ever(images: Path, tmp_path: Path) -> None:
    elsewhere = save(tmp_path / "elsewhere" / "a.png", COLOURS["red"])
    (images / "red" / "linked.png").symlink_to(elsewhere)
    (images / "yellow").symlink_to(elsewhere.parent)
    (images / "red" / "again").symlink_to(images)
    (images / "red" / "self.png").symlink_to("self.png")
    os.mkfifo(images / "red" / "pipe.png")
    data = read(images)
    assert len(data.train) + len(data.test) == 32
    assert data.classes == ("blue", "green", "red", "yellow")


def test_hostile_names(tmp_path: Path) -> None:
    for name in (b"[/x]", b"\x1b[2J", b"\xff\xfe", "日本".encode()):
        save(tmp_path / "odd" / os.fsdecode(name) / "a.png")
    data = read(tmp_path / "odd", (1, 4, 4), 0.5)
    assert len(data.classes) == 4
