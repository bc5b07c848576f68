"""Shards that the webdataset library writes, and others that are wrong."""

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import webdataset
from PIL import Image

from aetui.config.problems import PresetError
from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.data import shards as shards_module
from aetui.data.files import Cancelled, Decoding
from aetui.data.generated import digits
from aetui.data.images import DataSet
from aetui.data.load import load
from aetui.data.shards import members_of
from aetui.errors import UsageError

DIGITS = digits(train=50, test=10)


def read(
    folder: Path, seen: Callable[[object], None] = lambda progress: None, *, warnings: int = 0
) -> DataSet:
    warned: list[str] = []
    data = load(
        "shards",
        folder.parent / "cache",
        folder=folder,
        size=(1, 28, 28),
        test_share=0.2,
        on_progress=seen,
        on_warning=warned.append,
        cancelled=lambda: False,
    )
    assert len(warned) == warnings
    return data


def png(number: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(DIGITS.train.images[number, 0].numpy()).save(buffer, "png")
    return buffer.getvalue()


def shard(path: Path, *members: tuple[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for name, content in members:
            header = tarfile.TarInfo(name)
            header.size = len(content)
            archive.addfile(header, io.BytesIO(content))
    return path


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """Fifty digits in four shards; the classes are numbers up to ten."""
    (tmp_path / "set").mkdir()
    with webdataset.ShardWriter(str(tmp_path / "set" / "d-%02d.tar"), maxcount=15, verbose=0) as writer:
        for number in range(50):
            label = int(DIGITS.train.labels[number]) + 1
            writer.write({"__key__": f"a/{number:05d}.x", "png": png(number), "cls": label})
    return tmp_path / "set"


def test_images_and_classes_are_those_that_webdataset_reads(written: Path) -> None:
    data = read(written)
    assert data.classes == tuple(map(str, range(1, 11)))
    assert (len(data.train), len(data.test)) == (40, 10)
    mine = {
        image.numpy().tobytes(): int(data.classes[label])
        for images in (data.train, data.test)
        for image, label in zip(images.images, images.labels, strict=True)
    }
    paths = [str(path) for path in sorted(written.glob("*.tar"))]
    samples = webdataset.WebDataset(paths, shardshuffle=False).decode("pil").to_tuple("x.png", "x.cls")
    theirs = {np.asarray(image.convert("L")).tobytes(): label for image, label in samples}
    assert mine == theirs


def test_what_was_listed_is_listed_once(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    first = read(written, seen.append)
    assert Decoding(3, 4, "shards") in seen
    monkeypatch.setattr(shards_module, "members_of", None)
    again = read(written)
    assert torch.equal(again.train.images, first.train.images)
    monkeypatch.undo()
    for listing in (written.parent / "cache" / "folders").glob("*.shards"):
        listing.write_text('{"shards": [], "members": "?"}')
    assert torch.equal(read(written).train.images, first.train.images)
    shard(written / "d-04.tar", ("b.png", png(0)), ("b.cls", b"zero"))
    changed = read(written)
    assert len(changed.train) + len(changed.test) == 51
    assert changed.classes[-1] == "zero"


def test_classes_by_folders(tmp_path: Path) -> None:
    """In a shard, or around it; and train/ and test/ of their own."""
    for name in ("train", "test"):
        shard(tmp_path / "set" / name / "a.tar", ("./cat/1.png", png(0)), ("dog/1.PNG", png(1)))
        shard(tmp_path / "set" / name / "bird" / "b.tar", ("1.png", png(2)), ("notes.txt", b"not looked at"))
    data = read(tmp_path / "set")
    assert data.classes == ("bird", "cat", "dog")
    assert (len(data.train), len(data.test)) == (3, 3)
    assert data.train.labels.tolist() == [1, 2, 0]


def compressed(path: Path) -> None:
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("1.png"))


def backwards(path: Path) -> None:
    """A member of negative size leads tarfile back to what it has read, for ever."""
    header = tarfile.TarInfo("2.png")
    header.size = -1024
    shard(path, ("1.png", png(0)))
    whole = path.read_bytes()[: 512 + -(-len(png(0)) // 512) * 512]
    path.write_bytes(whole + header.tobuf(tarfile.GNU_FORMAT) + b"\0" * 1024)


def damaged(path: Path) -> None:
    shard(path, ("1.png", png(0)), ("2.png", png(1)))
    content = bytearray(path.read_bytes())
    second = 512 + -(-len(png(0)) // 512) * 512
    content[second + 10] ^= 1
    path.write_bytes(content)


def sized(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    """A header that says so."""
    header = tarfile.TarInfo(name)
    header.size, header.type = size, kind
    return header.tobuf(tarfile.GNU_FORMAT)


def pax(attributes: dict[str, str]) -> bytes:
    """A header with such attributes, in front of half a megabyte."""
    header = tarfile.TarInfo("GNUSparseFile.0/2.png")
    header.size, header.pax_headers = 500_000, attributes
    return header.tobuf(tarfile.PAX_FORMAT)


def attributes(first: int) -> bytes:
    """A header with 500 attributes for all members behind it."""
    lines = b"".join(b"14 k%06d=ab\n" % number for number in range(first, first + 500))
    return sized("x", len(lines), tarfile.XGLTYPE) + whole(lines) + sized("a", 0, tarfile.DIRTYPE)


def whole(content: bytes) -> bytes:
    """With zeros up to the next block."""
    return content + b"\0" * (-len(content) % tarfile.BLOCKSIZE)


def crafted(*blocks: bytes) -> Callable[[Path], object]:
    """An image, and what somebody has put behind it."""
    image = sized("1.png", len(png(0))) + whole(png(0))
    return lambda path: path.write_bytes(image + b"".join(blocks) + b"\0" * 1024)


def cut_between(path: Path) -> None:
    shard(path, ("1.png", png(0)), ("2.png", png(1)))
    path.write_bytes(path.read_bytes()[: 512 + len(whole(png(0)))])


def cut(path: Path) -> None:
    shard(path, ("1.png", png(0)), ("2.png", b"x" * 30_000))
    path.write_bytes(path.read_bytes()[:20_000])


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (compressed, "cannot be read"),
        (backwards, "overlap|damaged|negative"),
        (damaged, "damaged from byte"),
        (cut, "unexpected end of data"),
        (cut_between, "ends without an archive's end"),
        (crafted(sized("2.png", -512)), "negative size"),
        (crafted(sized("2.txt", -1)), "negative size"),
        (crafted(sized("2.cls", -1)), "negative size"),
        (crafted(sized("x", 17, b"x"), whole(b"17 size=-0001536\n"), sized("2.png", 0)), "overlap|negative"),
        (crafted(sized("x", 300_000, b"x"), whole(b"1" * 300_000), sized("2.png", 0)), "longer than 10,000"),
        (crafted(*[sized("x", 2, b"L"), whole(b"a\0")] * 5000, sized("2.png", 0)), "headers of headers"),
        (crafted(sized("2.png", 0, b"S"), whole(b"1")), "is sparse"),
        (crafted(*map(attributes, range(0, 2000, 500)), sized("a", 0, tarfile.DIRTYPE)), "1,000 attributes"),
        (crafted(pax({"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}), b"1\n" * 10**6), "is sparse"),
        (lambda path: path.symlink_to("nowhere"), "No such file"),
        (lambda path: path.write_bytes(b"no tar" * 1000), "cannot be read"),
        (lambda path: path.mkdir(), "There are no shards"),
        (lambda path: shard(path, ("1.txt", b"x")), "There are no image files"),
    ],
)
def test_wrong_shards_are_refused(make: Callable[[Path], object], reason: str, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    make(tmp_path / "set" / "a.tar")
    with pytest.raises(UsageError, match=reason):
        read(tmp_path / "set")


def test_a_stop_is_heard_among_members_of_any_kind(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(sized("a", 0, tarfile.DIRTYPE) * 1000 + b"\0" * 1024)
    with pytest.raises(Cancelled):
        members_of(tmp_path / "a.tar", iter([False, True]).__next__)


def test_members_that_are_no_files_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(png(3))
    path = shard(tmp_path / "set" / "a.tar", *((f"{number}.png", png(number)) for number in range(10)))
    with tarfile.open(path, "a") as archive:
        for kind, target in ((tarfile.SYMTYPE, "../secret.png"), (tarfile.LNKTYPE, "/etc/passwd")):
            link = tarfile.TarInfo(f"{kind!r}.png")
            link.type, link.linkname = kind, target
            archive.addfile(link)
        archive.addfile(tarfile.TarInfo("../../up.txt"))
    data = read(tmp_path / "set")
    assert len(data.train) + len(data.test) == 10
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "secret.png", "set"]


def test_of_members_of_one_name_the_last_counts(tmp_path: Path) -> None:
    """`tar r` puts a corrected file behind the one that it corrects."""
    members = [(f"{number}.png", png(number)) for number in range(10)]
    shard(tmp_path / "set" / "a.tar", *members[:3], ("7.png", b"no image"), *members[3:])
    data = read(tmp_path / "set")
    found = [image.tolist() for images in (data.train, data.test) for image in images.images]
    assert sorted(found) == sorted(image.tolist() for image in DIGITS.train.images[:10])


def test_one_image_that_cannot_be_read_is_left_out_by_its_place(tmp_path: Path) -> None:
    """Two names may be told alike: only one of them is meant."""
    names = ["a\udcff.png", "a\\xff.png", *(f"{number}.png" for number in range(8))]
    contents = [b"no image", *(png(number) for number in range(9))]
    shard(tmp_path / "set" / "a.tar", *zip(names, contents, strict=True))
    for _ in range(2):
        data = read(tmp_path / "set", warnings=1)
        assert len(data.train) + len(data.test) == 9


def test_classes_that_are_the_same_number_keep_their_order(tmp_path: Path) -> None:
    names = ["1", "01", "2", "9" * 5000]
    for count, classes in ((3, ("01", "1", "2")), (4, ("01", "1", "2", "9" * 5000))):
        path = tmp_path / str(count) / "a.tar"
        shard(path, *((f"{name}/{number}.png", png(number)) for name in names[:count] for number in range(4)))
        assert read(path.parent).classes == classes


@pytest.mark.parametrize(
    "change",
    [
        lambda listing: listing["members"].append([]),
        lambda listing: listing["members"][0].append(["a.png", "", -1, 512]),
        lambda listing: listing["members"][0].append(["a" * 1_000_000, "", 1, 512]),
    ],
)
def test_a_kept_listing_that_cannot_be_is_made_anew(written: Path, change: Callable[[dict], None]) -> None:
    before = read(written)
    (kept,) = (written.parent / "cache" / "folders").glob("*.shards")
    listing = json.loads(kept.read_text())
    change(listing)
    kept.write_text(json.dumps(listing))
    again = read(written)
    assert torch.equal(again.train.images, before.train.images)


def test_names_that_are_no_text_are_read(tmp_path: Path) -> None:
    path = tmp_path / "set" / "a.tar"
    shard(path, *((f"{number}\udcff/x.png", png(number)) for number in range(10)))
    data = read(tmp_path / "set")
    assert len(data.train) + len(data.test) == len(data.classes) == 10


def test_presets_say_where_shards_are() -> None:
    words = ["data.name=shards", "data.path=~/shards", "data.size=1x28x28"]
    preset = read_preset(find_preset("mnist-mlp"), words)
    assert preset.image_size == "1x28x28"
    with pytest.raises(PresetError, match=r"data\.size: missing"):
        read_preset(find_preset("mnist-mlp"), words[:2])
    with pytest.raises(PresetError, match=r'only data\.name = "folder" or "shards" has a path'):
        read_preset(find_preset("mnist-mlp"), ["data.path=x"])
