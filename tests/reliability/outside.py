"""What happens to files that are none of a run's: an audit hook sees every one that is opened or changed."""

import os
import sys
from contextlib import contextmanager
from pathlib import Path

LOOKS = ("open", "os.listdir", "os.scandir")
FOLLOW = ("os.chmod", "os.truncate", "os.listdir", "os.scandir")
"""These go through a last link."""
CHANGES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.utime", *FOLLOW)
_watched: list[tuple[str, set[str]]] = []


def _hook(event: str, arguments: tuple) -> None:
    if not _watched or event not in (*LOOKS, *CHANGES):
        return
    follows = event in FOLLOW or (event == "open" and not arguments[2] & os.O_NOFOLLOW)
    for path in arguments[:2]:
        if isinstance(path, str | bytes | os.PathLike):
            real = _place(os.fsdecode(path), follows=follows)
            for root, touched in _watched:
                if real == root or real.startswith(root + os.sep):
                    touched.add(f"{event} {real}")


def _place(path: str, *, follows: bool) -> str:
    """Where the system goes for this path: through all links, or not through the last one."""
    folder, name = os.path.split(path)
    return os.path.realpath(path) if follows else f"{os.path.realpath(folder)}{os.sep}{name}"


sys.addaudithook(_hook)


@contextmanager
def untouched(folder: Path):
    """Nothing in this folder may be opened, changed or deleted meanwhile."""
    before, touched = _contents(folder), set()
    _watched.append((str(folder.resolve()), touched))
    try:
        yield
    finally:
        _watched.pop()
    assert not touched
    assert _contents(folder) == before


def _contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {str(p): (p.read_bytes(), p.stat().st_mode) for p in sorted(folder.rglob("*")) if p.is_file()}
