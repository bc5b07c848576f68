"""The sum that a checkpoint carries of itself: a SHA-256 in the comment that every ZIP archive may end with.

`torch.save` writes a ZIP archive (https://docs.pytorch.org/docs/stable/notes/serialization.html), and
`torch.load` passes the comment over. It notices no flipped bit by itself.
"""

import hashlib
import io
import os
import struct
from pathlib import Path

from aetui.files import open_file

_LABEL = b"aetui sha256 "
_DIGITS = 64
_COMMENT_BYTES = len(_LABEL) + _DIGITS


def add_sum(archive: io.BytesIO) -> None:
    """Write the sum behind a ZIP archive that has no comment yet."""
    archive.seek(-2, os.SEEK_END)  # the length of the comment, the archive's last field (APPNOTE 4.3.16)
    archive.write(struct.pack("<H", _COMMENT_BYTES) + _LABEL)
    digest = hashlib.sha256(archive.getbuffer()).hexdigest()
    archive.write(digest.encode())


def sum_holds(path: Path) -> bool | None:
    """Whether a file is as its own sum says; None where it carries none. Raises OSError."""
    with open_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        file.seek(max(0, size - _COMMENT_BYTES))
        label, digits = (comment := file.read(_COMMENT_BYTES))[:-_DIGITS], comment[-_DIGITS:]
        if label != _LABEL:
            return None
        file.seek(0)
        found, left = hashlib.sha256(), size - _DIGITS
        while left > 0 and (chunk := file.read(min(left, 1 << 20))):
            found.update(chunk)
            left -= len(chunk)
    return found.hexdigest().encode() == digits
