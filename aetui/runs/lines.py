"""Following a file of lines that another process writes."""

from pathlib import Path

MOST_BYTES = 2_000_000
"""Read at a time, so that a screen which opens a long log stays awake."""


class LineFollower:
    """Reads the whole lines added to a file since the last look.

    A torn last line is left until it is whole. A file that is not there yet is empty.
    """

    def __init__(self, path: Path, offset: int = 0) -> None:
        self._path = path
        self._offset = offset

    def read(self) -> list[bytes]:
        """New whole lines without their line ends, at most `MOST_BYTES` a time; empty: no more now."""
        try:
            if self._path.stat().st_size == self._offset:
                return []
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read(MOST_BYTES)
        except FileNotFoundError:
            return []
        whole = data.rfind(b"\n") + 1
        if len(data) == MOST_BYTES and not whole:
            whole = len(data)  # no line is that long: damage, passed over
        self._offset += whole
        return data[:whole].splitlines()
