"""A disk on which the k-th open, write, fsync, rename or unlink below a folder fails."""

import os
from pathlib import Path
from typing import Any


class FailingDisk:
    """Counts what is done to the files of a folder; the calls from `first` on fail, `lasting` of them."""

    def __init__(self, monkeypatch, folder: Path, number: int, first: int, lasting: int = 1) -> None:
        self.calls = self.failed = 0
        self._folder = f"{folder}{os.sep}"
        self._number, self._first, self._lasting = number, first, lasting
        self._open, self._fdopen, self._fsync = os.open, os.fdopen, os.fsync
        self._replace, self._unlink = os.replace, os.unlink
        monkeypatch.setattr(os, "open", self._failing_open)
        monkeypatch.setattr(os, "fdopen", self._failing_fdopen)
        monkeypatch.setattr(os, "fsync", lambda fd: self._count(_path_of(fd)) or self._fsync(fd))
        monkeypatch.setattr(os, "replace", lambda a, b, **k: self._count(b) or self._replace(a, b, **k))
        monkeypatch.setattr(os, "unlink", lambda path, **k: self._count(path) or self._unlink(path, **k))

    def count_write(self, path: str) -> bool:
        """Whether this write fails."""
        try:
            self._count(path)
        except OSError:
            return True
        return False

    def refusal(self, path: str) -> OSError:
        return OSError(self._number, os.strerror(self._number), path)

    def _count(self, path: object) -> None:
        name = os.fsdecode(path)  # type: ignore[arg-type]
        if not name.startswith(self._folder):
            return
        self.calls += 1
        if self._first <= self.calls < self._first + self._lasting:
            self.failed += 1
            raise self.refusal(name)

    def _failing_open(self, path: Any, flags: int, *rest: Any, **more: Any) -> int:
        if isinstance(path, str | os.PathLike) and flags & (os.O_WRONLY | os.O_RDWR):
            self._count(path)
        return self._open(path, flags, *rest, **more)

    def _failing_fdopen(self, descriptor: int, mode: str = "r", *rest: Any, **more: Any) -> Any:
        file, path = self._fdopen(descriptor, mode, *rest, **more), _path_of(descriptor)
        return file if mode == "rb" or not path.startswith(self._folder) else FailingFile(file, path, self)


class FailingFile:
    """A file whose write fails when its turn has come, half of it on the disk."""

    def __init__(self, file: Any, path: str, disk: FailingDisk) -> None:
        self._file, self._path, self._disk = file, path, disk

    def write(self, data: Any) -> int:
        if self._disk.count_write(self._path):
            self._file.write(bytes(data)[: len(data) // 2])
            self._file.flush()
            raise self._disk.refusal(self._path)
        return self._file.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> "FailingFile":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _path_of(descriptor: int) -> str:
    return str(Path(f"/proc/self/fd/{descriptor}").readlink())
