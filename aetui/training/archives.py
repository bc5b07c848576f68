"""A ZIP archive as torch.load will read it, or not at all.

Python's zipfile looks for the central directory right before the end record, torch's miniz where that record
says; so one file could show each of them other members, and what was checked would not be what is loaded. The
same holds of a member whose size is told twice. torch.save writes nothing so (APPNOTE 4.3.14 to 4.5.3).
"""

import os
import struct
import zipfile
from typing import BinaryIO

END = struct.Struct("<4s6xH4xL2x")
"""The mark of the end record, how many members there are, and the place of their directory."""
END64 = struct.Struct("<4s28xQ8xQ")
"""The same of a large archive, right before a locator, which is right before the end record."""
LOCATOR = struct.Struct("<8xQ4x")
"""Where the second is."""
FIELD = struct.Struct("<2H")
"""The kind of an extra field of a member, 1 for a large one's sizes and place, and its length (4.5.1)."""
LONGEST_END = END64.size + LOCATOR.size + END.size + 65_535
"""With a comment."""


def open_archive(file: BinaryIO) -> zipfile.ZipFile:
    """The archive in `file`. Raises BadZipFile where torch would see another one in it."""
    archive = zipfile.ZipFile(file)
    if _told_by_end(file) != (len(archive.infolist()), archive.start_dir):
        raise zipfile.BadZipFile("its directory is not where its end says")
    if any(_large_fields(item.extra) > 1 for item in archive.infolist()):
        raise zipfile.BadZipFile("it says twice how large a member is")
    return archive


def _told_by_end(file: BinaryIO) -> tuple[int, int]:
    """How many members the archive has, and where its directory begins, as its end says."""
    before = max(0, os.fstat(file.fileno()).st_size - LONGEST_END)
    file.seek(before)
    tail = file.read()
    at = tail.rfind(b"PK\5\6")
    _, count, place = END.unpack_from(tail, at)
    large = at - LOCATOR.size - END64.size
    if large < 0 or tail[at - LOCATOR.size :][:4] != b"PK\6\7":
        return count, place
    mark, count, place = END64.unpack_from(tail, large)
    if mark != b"PK\6\6" or LOCATOR.unpack_from(tail, at - LOCATOR.size) != (before + large,):
        raise zipfile.BadZipFile("its end is in two places")
    return count, place


def _large_fields(extra: bytes) -> int:
    """How many of a member's extra fields are those of a large one: torch takes the first, Python all."""
    found = 0
    while len(extra) >= FIELD.size:
        kind, size = FIELD.unpack_from(extra)
        found += kind == 1
        extra = extra[FIELD.size + size :]
    return found
