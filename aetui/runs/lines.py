"""Following a file of lines that another process writes."""

import errno
import os
from pathlib import Path
from typing import BinaryIO

from aetui.files import open_file
from aetui.text import format_bytes

MOST_BYTES = 2_000_000
"""Read at a time, so that a screen which opens a long log stays awake."""
TAIL_BYTES = 200
LARGEST_BYTES = 2 * 10**9
"""Of a file; a run of two epochs a second writes 0.1 GB a day."""
MOST_SHOWN = 4000
"""Bytes of a last line."""


class LineFollower:
    """Reads the whole lines added to a file since the last look.

    A torn last line is left until it is whole. A file that is not there yet is empty; one in which what was
    read last is not there any more was written anew, and is read from its beginning.
    """

    def __init__(self, path: Path, offset: int = 0) -> None:
        self.behind = False
        """Whether there was more at the last look than was read."""
        self.size = 0
        """Of the file at the last look, in bytes."""
        self._path = path
        self._offset = offset
        self._tail = b""

    def read(self) -> list[bytes]:
        """New whole lines without their line ends, at most `MOST_BYTES` a time; empty: no more now.

        Raises OSError for a file that is there and cannot be read.
        """
        self.behind = False
        try:
            with open_file(self._path) as file:
                size = self.size = os.fstat(file.fileno()).st_size
                if size > LARGEST_BYTES:
                    raise OSError(errno.EFBIG, f"larger than {format_bytes(LARGEST_BYTES)}", str(self._path))
                if not self._goes_on(file, size):
                    self._offset, self._tail = 0, b""
                if size == self._offset:
                    return []
                file.seek(self._offset)
                data = file.read(MOST_BYTES)
        except FileNotFoundError:
            return []
        self.behind = len(data) == MOST_BYTES
        whole = data.rfind(b"\n") + 1
        if self.behind and not whole:
            whole = len(data)  # no line is that long: damage, passed over
        self._offset += whole
        self._tail = (self._tail + data[max(0, whole - TAIL_BYTES) : whole])[-TAIL_BYTES:]
        return data[:whole].splitlines()

    def _goes_on(self, file: BinaryIO, size: int) -> bool:
        """Whether what was read last still stands before what comes next."""
        if size < self._offset:
            return False
        wanted = min(self._offset, TAIL_BYTES)
        file.seek(self._offset - wanted)
        found = file.read(wanted)
        self._tail = self._tail or found
        return found.endswith(self._tail) or self._tail.endswith(found)


def last_line(path: Path) -> str:
    """The last line of a file that holds anything; empty where there is none or it cannot be read."""
    try:
        with open_file(path) as file:
            file.seek(-min(MOST_SHOWN, os.fstat(file.fileno()).st_size), os.SEEK_END)
            lines = file.read().decode(errors="backslashreplace").split("\n")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
