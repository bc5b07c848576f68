"""A little room on the disk, kept so that a run can still say that the disk is full."""

import contextlib
import errno
import os
from collections.abc import Callable
from pathlib import Path

from aetui.files import delete, write_whole

RESERVED_BYTES = 256_000
"""A few hundred lines of the log, and meta.json beside them."""
FULL = (errno.ENOSPC, errno.EDQUOT)


class Reserve:
    """A file that takes up the room; it holds nothing that anybody reads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.used = False
        """Whether the room was needed and is not back yet."""

    def keep(self) -> None:
        """Take the room, if it is not taken; nothing happens where there is none."""
        with contextlib.suppress(OSError):
            if not self._path.exists():
                write_whole(self._path, os.urandom(RESERVED_BYTES))  # zeros would be compressed to nothing
            self.used = False

    def write(self, write: Callable[[], None]) -> None:
        """Call `write`, and once more with the room freed where the disk is full. Raises its OSError."""
        try:
            write()
        except OSError as error:
            if error.errno not in FULL or not self._path.exists():
                raise
            self.drop()
            self.used = True
            write()

    def drop(self) -> None:
        """Free the room; the run has ended."""
        with contextlib.suppress(OSError):
            delete(self._path)
