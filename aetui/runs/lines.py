"""Following a file of lines that another process writes."""

import os
from pathlib import Path

from aetui.files import open_file

MOST_BYTES = 2_000_000
"""Read at a time, so that a screen which opens a long log stays awake."""
MOST_SHOWN = 4000
"""Bytes of a last line."""


class LineFollower:
    """Reads the whole lines added to a file since the last look.

    A torn last line is left until it is whole. A file that is not there yet is empty.
    """

    def __init__(self, path: Path, offset: int = 0) -> None:
        self._path = path
        self._offset = offset

    def read(self) -> list[bytes]:
        """New whole lines without their line ends, at most `MOST_BYTES` a time; empty: no more now.

        Raises OSError for a file that is there and cannot be read.
        """
        try:
            with open_file(self._path) as file:
                if os.fstat(file.fileno()).st_size == self._offset:
                    return []
                file.seek(self._offset)
                data = file.read(MOST_BYTES)
        except FileNotFoundError:
            return []
        whole = data.rfind(b"\n") + 1
        if len(data) == MOST_BYTES and not whole:
            whole = len(data)  # no line is that long: damage, passed over
        self._offset += whole
        return data[:whole].splitlines()


def last_line(path: Path) -> str:
    """The last line of a file that holds anything; empty where there is none or it cannot be read."""
    try:
        with open_file(path) as file:
            file.seek(-min(MOST_SHOWN, os.fstat(file.fileno()).st_size), os.SEEK_END)
            lines = file.read().decode(errors="backslashreplace").split("\n")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
