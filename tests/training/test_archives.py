"""One file that is two archives: torch reads the first, Python's zipfile the second."""

import io
import struct
import zipfile

import pytest
import torch

from aetui.errors import AetuiError
from aetui.training.checkpoint_file import read_checkpoint
from aetui.training.weights_file import read_weights


def archive_of(value: float) -> bytes:
    buffer = io.BytesIO()
    torch.save({"w": torch.full((4,), value)}, buffer)
    return buffer.getvalue()


def small_archive_of(value: float) -> tuple[bytes, bytes, int]:
    """Its members, their directory and how many there are, in the form that knows no large archives."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive_of(value))) as source, zipfile.ZipFile(buffer, "w") as target:
        for item in source.infolist():
            target.writestr(item.filename, source.read(item))
    data, start = buffer.getvalue(), target.start_dir
    return data[:start], data[start:-22], len(target.infolist())


def end(count: int, directory: bytes, place: int) -> bytes:
    return struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(directory), place, 0)


def moved(directory: bytes, by: int) -> bytes:
    """The directory of members that begin so many bytes further on."""
    found, at = bytearray(directory), 0
    while at < len(found):
        name, extra, comment = struct.unpack_from("<3H", found, at + 28)
        (place,) = struct.unpack_from("<L", found, at + 42)
        struct.pack_into("<L", found, at + 42, place + by)
        at += 46 + name + extra + comment
    return bytes(found)


def in_front(first: float, second: float) -> bytes:
    """The end says where the first one's directory is; the second one's is where zipfile looks."""
    (members, directory, count), (hidden, others, _) = small_archive_of(first), small_archive_of(second)
    assert len(directory) == len(others)
    others = moved(others, len(members) - len(hidden))  # zipfile takes what is before for no part of it
    return members + directory + hidden + others + end(count, directory, len(members))


def with_another_end(first: float, second: float) -> bytes:
    """A locator leads to the end record of the first one; zipfile looks right before the locator."""
    whole, (members, directory, count) = archive_of(first), small_archive_of(second)
    directory, place = moved(directory, len(whole)), len(whole) + len(members)
    large = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, len(directory), place)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, whole.rfind(b"PK\6\6"), 1)
    return whole + members + directory + large + locator + end(count, directory, place)


@pytest.mark.parametrize("twins", [in_front, with_another_end])
def test_what_is_checked_is_what_would_be_loaded(tmp_path, twins):
    path = tmp_path / "epoch_0001_step_00000001.pt"
    path.write_bytes(twins(1.0, 2.0))
    with zipfile.ZipFile(path) as archive:
        (data,) = [archive.read(name) for name in archive.namelist() if name.endswith("data/0")]
    assert struct.unpack("<4f", data) == (2.0,) * 4
    assert torch.load(path, weights_only=True)["w"].tolist() == [1.0] * 4
    with pytest.raises(AetuiError, match="not a file of weights"):
        read_weights(path)
    with pytest.raises(ValueError, match=r"its directory is not where|its end is in two places"):
        read_checkpoint(path)


def test_an_archive_with_a_comment_is_read(tmp_path):
    path = tmp_path / "weights.pt"
    whole = archive_of(3.0)
    path.write_bytes(whole[:-2] + struct.pack("<H", 60_000) + bytes(60_000))
    assert read_weights(path).tensors["w"].tolist() == [3.0] * 4


def test_a_member_whose_size_is_told_twice(tmp_path):
    """zipfile takes the second, which is right; torch would make room for the first."""
    members, directory, count = small_archive_of(1.0)
    at = directory.rindex(b"PK\1\2", 0, directory.index(b"data/0"))
    name, extra, comment = struct.unpack_from("<3H", directory, at + 28)
    entry = bytearray(directory[at : at + 46 + name])
    twice = b"".join(struct.pack("<2HQ", 1, 8, told) for told in (0xFFFF_FFFF, 16))
    struct.pack_into("<L", entry, 24, 0xFFFF_FFFF)
    struct.pack_into("<H", entry, 30, len(twice))
    rest = directory[at + 46 + name + extra + comment :]
    directory = directory[:at] + bytes(entry) + twice + rest
    path = tmp_path / "weights.pt"
    path.write_bytes(members + directory + end(count, directory, len(members)))
    with zipfile.ZipFile(path) as archive:
        assert archive.getinfo("archive/data/0").file_size == 16
    with pytest.raises(ValueError, match="it says twice"):
        read_checkpoint(path)
    with pytest.raises(AetuiError, match="not a file of weights"):
        read_weights(path)


def test_members_that_are_compressed_are_not_unpacked(tmp_path):
    """torch.save compresses none; how large they become would be the sender's choice."""
    path = tmp_path / "weights.pt"
    with zipfile.ZipFile(io.BytesIO(archive_of(1.0))) as source, zipfile.ZipFile(path, "w") as target:
        for item in source.infolist():
            kind = zipfile.ZIP_DEFLATED if item.filename.endswith("version") else zipfile.ZIP_STORED
            target.writestr(item.filename, source.read(item), kind)
    with pytest.raises(ValueError, match="unpack to more than its size"):
        read_checkpoint(path)
