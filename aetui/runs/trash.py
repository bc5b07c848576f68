"""Deleted runs lie in a folder beside the others for a while, and can be taken back."""

import contextlib
import shutil
import time
from pathlib import Path

from aetui.errors import AetuiError
from aetui.files import check_no_link, make_folder
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
    return thrown


def take_back(thrown: RunFolder) -> RunFolder:
    """Put a run back to the others. Raises AetuiError."""
    back = _free(thrown.path.parent.parent / thrown.name)
    try:
        thrown.path.rename(back)
    except OSError as error:
        raise AetuiError(f"{thrown.path} cannot be moved back: {error.strerror}") from None
    return RunFolder(back)


def empty_trash(runs_dir: Path) -> int:
    """Delete the runs that have lain there for long; returns how many. What cannot be deleted stays."""
    return sum(_empty(runs_dir / name) for name in (TRASH, MAKING))


def _empty(trash: Path) -> int:
    deleted = 0
    with contextlib.suppress(OSError):
        check_no_link(trash)
        for thrown in trash.iterdir():
            facts = thrown.lstat()
            is_old = time.time() - facts.st_ctime > KEPT_SECONDS  # a folder that is moved has another ctime
            if is_old and RunFolder(thrown).meta_file.is_file():
                with contextlib.suppress(RecursionError):  # folders in folders, which no run has
                    shutil.rmtree(thrown, ignore_errors=True)
                deleted += not thrown.exists()
    return deleted


def _free(path: Path) -> Path:
    """The path, or one beside it with a number where it is taken."""
    number, found = 1, path
    while found.exists() or found.is_symlink():
        number += 1
        found = path.with_name(f"{path.name}-{number}")
    return found
