"""Checksums, and archives unpacked so that each file is there whole and verified or not there."""

import gzip
import hashlib
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Protocol

from aetui.data.catalogue import Archive, DataFile
from aetui.data.files import Cancelled
from aetui.files import whole_file

CHUNK_BYTES = 1 << 20
_DAMAGED = (tarfile.TarError, zlib.error, gzip.BadGzipFile, EOFError)


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class BadArchive(Exception):
    """An archive that must not or cannot be unpacked; the message completes 'name: …'."""


def has_checksum(path: Path, checksum: str, cancelled: Callable[[], bool]) -> bool:
    """Whether a file has this checksum, `sha256:…` or `md5:…`. Raises OSError and `Cancelled`."""
    digest = _hasher(checksum)
    with path.open("rb") as file:
        for chunk in _chunks(file, cancelled):
            digest.update(chunk)
    return _is(digest, checksum)


def intact(file: DataFile, data_dir: Path, cancelled: Callable[[], bool]) -> bool:
    """Whether the file is in place with the right size and checksum; one that is not there is not."""
    path = data_dir / file.path
    try:
        return path.stat().st_size == file.size and has_checksum(path, file.checksum, cancelled)
    except OSError:
        return False


def unpack(archive: Archive, packed: Path, data_dir: Path, cancelled: Callable[[], bool]) -> None:
    """Put the archive's files in their places below `data_dir`, each verified before it gets its name.

    Only what the catalogue names is taken out. Raises `BadArchive` for damage, for a tar member that points
    out of its folder or is a link, and for a file that is not what the catalogue says; OSError; `Cancelled`.
    """
    try:
        if archive.name.endswith(".tar.gz"):
            _unpack_tar(archive, packed, data_dir, cancelled)
        else:
            with gzip.open(packed, "rb") as stream:
                _place(archive.files[0], stream, data_dir, cancelled)
    except _DAMAGED as error:
        raise BadArchive(f"it is damaged ({error})") from error


def _unpack_tar(archive: Archive, packed: Path, data_dir: Path, cancelled: Callable[[], bool]) -> None:
    wanted = {file.path: file for file in archive.files}
    with tarfile.open(packed, "r:gz") as tar:
        for member in tar:
            _refuse_unsafe(member)
            file = wanted.pop(member.name, None)
            stream = tar.extractfile(member) if file else None
            if file and stream:
                _place(file, stream, data_dir, cancelled)
    if wanted:
        raise BadArchive(f"it lacks {', '.join(wanted)}")


def _refuse_unsafe(member: tarfile.TarInfo) -> None:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts:
        raise BadArchive(f"its member {member.name!r} points out of the folder")
    if not (member.isfile() or member.isdir()):
        raise BadArchive(f"its member {member.name!r} is a link or a device")


def _place(file: DataFile, stream: Readable, data_dir: Path, cancelled: Callable[[], bool]) -> None:
    path = data_dir / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, size = _hasher(file.checksum), 0
    with whole_file(path) as target:
        for chunk in _chunks(stream, cancelled):
            size += len(chunk)
            if size > file.size:
                break
            digest.update(chunk)
            target.write(chunk)
        if size != file.size or not _is(digest, file.checksum):
            raise BadArchive(f"the file {path.name} in it is not the expected one")


def _chunks(stream: Readable, cancelled: Callable[[], bool]) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK_BYTES):
        if cancelled():
            raise Cancelled
        yield chunk


def _hasher(checksum: str) -> "hashlib._Hash":
    return hashlib.new(checksum.partition(":")[0], usedforsecurity=False)


def _is(digest: "hashlib._Hash", checksum: str) -> bool:
    return digest.hexdigest() == checksum.partition(":")[2]
