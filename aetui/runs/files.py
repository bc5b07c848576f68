"""The one module that writes files: whole or not at all, or whole lines at the end."""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

TEMPORARY_SUFFIX = ".tmp"


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Write `path` piece by piece, whole or not at all: temporary name, fsync, rename, fsync of the folder.

    A failure leaves what was at `path` before and no temporary file. Raises OSError.
    """
    temporary = path.with_name(path.name + TEMPORARY_SUFFIX)
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def write_whole(path: Path, data: bytes | memoryview) -> None:
    """Write `data` to `path`, whole or not at all. Raises OSError."""
    with whole_file(path) as file:
        file.write(data)


def append_line(path: Path, line: str) -> None:
    """Add one whole line. What an earlier failure left of a line is closed first, so this one reads well."""
    with path.open("ab+") as file:
        file.seek(0, os.SEEK_END)
        torn = file.tell() > 0 and (file.seek(-1, os.SEEK_END), file.read(1))[1] != b"\n"
        file.write(b"\n" * torn + line.encode() + b"\n")


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
