"""Following a file of lines that another process writes."""

from pathlib import Path


class LineFollower:
    """Reads the whole lines added to a file since the last look.

    A torn last line is left until it is whole. A file that is not there yet is empty.
    """

    def __init__(self, path: Path, *, at_end: bool = False) -> None:
        self._path = path
        self._offset = path.stat().st_size if at_end and path.exists() else 0

    def read(self, limit_bytes: int = 64_000_000) -> list[bytes]:
        """New whole lines without their line ends, at most about `limit_bytes` of them."""
        try:
            if self._path.stat().st_size == self._offset:
                return []
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read(limit_bytes)
        except FileNotFoundError:
            return []
        whole = data.rfind(b"\n") + 1
        self._offset += whole
        return data[:whole].splitlines()
