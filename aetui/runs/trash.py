"""Deleted runs lie in a folder beside the others for a while, and can be taken back."""

import contextlib
import os
import shutil
import stat
import time
from pathlib import Path

from aetui.errors import AetuiError
from aetui.files import check_no_link, make_folder, opened_folder
from aetui.runs.folder import RunFolder
from aetui.runs.waiting import is_at_work

TRASH = ".trash"
MAKING = ".making"
"""Beside the runs, where those are that somebody makes; a kill leaves some of them there."""
KEPT_SECONDS = 7 * 24 * 3600


def throw_away(folder: RunFolder) -> RunFolder:
    """Put a run into the trash; returns where it lies. Raises AetuiError, also for one that is at work."""
    if is_at_work(folder):
        raise AetuiError(f"{folder.name} is at work", "stop it first")
    trash = folder.path.parent / TRASH
    try:
        if not trash.is_dir():
            make_folder(trash)
        check_no_link(trash)
        thrown = RunFolder(_free(trash / folder.name))
        folder.path.rename(thrown.path)
    except OSError as error:
        raise AetuiError(f"{folder.path} cannot be moved to {trash}: {error.strerror}") from None
    with contextlib.suppress(OSError):
        # since when it lies there, for a disk that knows no time of a move
        os.utime(thrown.path, follow_symlinks=False)
    return thrown


def take_back(thrown: RunFolder) -> RunFolder:
    """Put a run back to the others. Raises AetuiError."""
    back = _free(thrown.path.parent.parent / thrown.name)
    try:
        check_no_link(thrown.path.parent)
        thrown.path.rename(back)
    except OSError as error:
        raise AetuiError(f"{thrown.path} cannot be moved back: {error.strerror}") from None
    return RunFolder(back)


def empty_trash(runs_dir: Path) -> int:
    """Delete the runs that have lain there for long; returns how many. What cannot be deleted stays."""
    return sum(_empty(runs_dir / name) for name in (TRASH, MAKING))


def _empty(trash: Path) -> int:
    """By its descriptor: somebody may put a link to other runs in its place meanwhile."""
    deleted = 0
    with contextlib.suppress(OSError), opened_folder(trash) as place:
        for name in os.listdir(place):  # noqa: PTH208 -- of a descriptor
            facts = os.stat(name, dir_fd=place, follow_symlinks=False)
            moved = max(facts.st_ctime, facts.st_mtime)
            is_old = time.time() - moved > KEPT_SECONDS
            if is_old and _is_run(name, place):
                with contextlib.suppress(RecursionError):  # folders in folders, which no run has
                    shutil.rmtree(name, ignore_errors=True, dir_fd=place)
                deleted += not _is_run(name, place)
    return deleted


def _is_run(name: str, place: int) -> bool:
    """Whether the folder of that name, in the one of this descriptor, is a run's."""
    try:
        facts = os.stat(RunFolder(Path(name)).meta_file, dir_fd=place, follow_symlinks=False)
    except OSError:
        return False
    return stat.S_ISREG(facts.st_mode)


def _free(path: Path) -> Path:
    """The path, or one beside it with a number where it is taken."""
    number, found = 1, path
    while found.exists() or found.is_symlink():
        number += 1
        found = path.with_name(f"{path.name}-{number}")
    return found
