"""The one module that opens, writes and deletes files of runs and presets.

What is read may come from somebody else: nothing is waited for, nothing is read without bound, and in a run's
folder no link is followed. What is written is whole or not there, or a whole line at the end, and for those
whom its folder is for. Longer than other files, since all guards of opening stand beside each other here.
"""

import contextlib
import errno
import fcntl
import hashlib
import itertools
import os
import re
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from aetui.errors import UsageError
from aetui.text import format_bytes

TEMPORARY_SUFFIX = ".tmp"
DAMAGED_SUFFIX = ".damaged"
LARGEST_COPY = 10**9
"""Bytes of a file with a second name that is copied before it is written to."""


def expanded(path: str | Path) -> Path:
    """With `~` as a home folder. Raises UsageError where there is none."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise UsageError(f"There is no home folder for {path}", "write the path out") from None


_held: dict[Path, tuple[int, int]] = {}
"""The folders of this process's run, and which on the disk they were."""


@contextlib.contextmanager
def held_in_place(folder: Path) -> Iterator[None]:
    """While it lasts, nothing is written or deleted below `folder` once another one is in its place.

    So a run that was moved away while it trains leaves alone what was moved to where it was. Raises OSError.
    """
    if folder in _held:
        yield
        return
    facts = folder.stat()
    _held[folder] = facts.st_dev, facts.st_ino
    try:
        yield
    finally:
        del _held[folder]


def is_in_place(folder: Path) -> bool:
    """Whether a held folder is still where it was, as far as the disk tells now."""
    try:
        return _is_the_same(folder)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:  # it may come back
        return True


def _check_in_place(path: Path) -> None:
    """Raises OSError where `path` is in a held folder, or is one, that is no longer the same.

    So it does where a link was put in the place of a folder between the two.
    """
    for folder in _held:
        if path.is_relative_to(folder):
            if not _is_the_same(folder):
                raise _refused(folder, errno.ESTALE, "another folder was put in its place")
            for between in list(path.relative_to(folder).parents)[:-1]:
                check_no_link(folder / between)


def _is_the_same(folder: Path) -> bool:
    facts = folder.stat()
    return (facts.st_dev, facts.st_ino) == _held.get(folder, (facts.st_dev, facts.st_ino))


def open_file(path: Path, flags: int = os.O_RDONLY, *, linked: bool = False) -> BinaryIO:
    """Open a regular file, never a pipe or a device; a link to one only if it may be `linked`.

    To write, `flags` must say so; a file that has a second name elsewhere is not written to. Raises OSError.
    """
    to_write = flags & (os.O_WRONLY | os.O_RDWR)
    if to_write:
        _check_in_place(path)
    guards = os.O_NONBLOCK | os.O_CLOEXEC | (0 if linked else os.O_NOFOLLOW)
    try:
        descriptor = os.open(path, flags | guards, _mode_in(path.parent))
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise _refused(path, errno.ELOOP, "it is a link") from None
        raise
    facts = os.fstat(descriptor)
    if stat.S_ISREG(facts.st_mode) and not (to_write and facts.st_nlink > 1):
        return cast(BinaryIO, os.fdopen(descriptor, _MODES[to_write]))
    os.close(descriptor)
    if stat.S_ISDIR(facts.st_mode):
        raise _refused(path, errno.EISDIR, os.strerror(errno.EISDIR))
    wrong = "it has another name elsewhere" if stat.S_ISREG(facts.st_mode) else "not a file of data"
    raise _refused(path, errno.EINVAL, wrong)


_MODES = {os.O_RDONLY: "rb", os.O_WRONLY: "wb", os.O_RDWR: "rb+"}


def _refused(path: Path, number: int, why: str) -> OSError:
    return OSError(number, why, str(path))


def read_bounded(path: Path, most_bytes: int, *, linked: bool = False) -> bytes:
    """All of a regular file that is not larger than that. Raises OSError."""
    with open_file(path, linked=linked) as file:
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise _refused(path, errno.EFBIG, f"larger than {format_bytes(most_bytes)}")
    return data


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Write `path` piece by piece, whole or not at all: temporary name, fsync, rename, fsync of the folder.

    A failure leaves what was at `path` before and no temporary file. Raises OSError.
    """
    temporary = path.with_name(path.name + TEMPORARY_SUFFIX)
    delete(temporary)
    try:
        with _named(path), open_file(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _check_in_place(path)
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            delete(temporary)
        raise
    _sync_folder(path.parent)


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """Name the file in errors of writing and syncing, which do not."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def write_whole(path: Path, data: bytes | memoryview) -> None:
    """Write `data` to `path`, whole or not at all. Raises OSError."""
    with whole_file(path) as file:
        file.write(data)


def open_to_append(path: Path) -> BinaryIO:
    """Open a file to write at its end, and make it if there is none. Raises OSError.

    One with a second name (a backup by `cp -al`, or somebody's own file) is copied first, so that what the
    other name leads to stays as it is.
    """
    with contextlib.suppress(FileNotFoundError):
        facts = path.lstat()
        if stat.S_ISREG(facts.st_mode) and facts.st_nlink > 1 and facts.st_size <= LARGEST_COPY:
            with open_file(path) as file, whole_file(path) as copy:
                os.fchmod(copy.fileno(), facts.st_mode & _mode_in(path.parent))  # for nobody else than before
                shutil.copyfileobj(file, copy)
    return open_file(path, os.O_RDWR | os.O_APPEND | os.O_CREAT)


def open_lock(path: Path) -> BinaryIO:
    """Open a file to lock it, and make it if there is none. Raises OSError.

    Nothing is written into it, so that an empty one may have a second name, as in a backup by `cp -al`: a
    copy would be another lock, and its holder beside the first.
    """
    with contextlib.suppress(FileNotFoundError):
        facts = path.lstat()
        if stat.S_ISREG(facts.st_mode) and not facts.st_size:
            _check_in_place(path)
            return cast(BinaryIO, os.fdopen(os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC), "rb+"))
    return open_to_append(path)


def try_lock(file: BinaryIO, seconds: float = 0.0) -> bool:
    """Lock an open file until it is closed; whether that could be within this time. Raises OSError."""
    end = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        except OSError as error:
            if error.errno == errno.ENOSYS:
                raise OSError(errno.ENOSYS, "its file system has no locks (flock)") from None
            raise
        else:
            return True


def append_line(path: Path, line: str, *, lasting: bool = False) -> None:
    """Add one whole line. What an earlier failure left of a line is closed first, so this one reads well.

    `lasting`: wait until it and all before it would outlive the machine.
    """
    with _named(path), open_to_append(path) as file:
        file.seek(0, os.SEEK_END)
        torn = file.tell() > 0 and (file.seek(-1, os.SEEK_END), file.read(1))[1] != b"\n"
        file.write(b"\n" * torn + line.encode() + b"\n")
        if lasting:
            file.flush()
            os.fsync(file.fileno())


def show_life(path: Path) -> None:
    """Have a file count as written to now, which takes no room on the disk. Raises OSError.

    What the other name of one with a second name leads to stays as it is: it may be somebody's own.
    """
    _check_in_place(path)
    if path.lstat().st_nlink > 1:
        open_to_append(path).close()
    if path.lstat().st_nlink == 1:
        os.utime(path, follow_symlinks=False)


def delete(path: Path) -> None:
    """Delete a file, or the link of that name, if there is one. Raises OSError."""
    _check_in_place(path)
    path.unlink(missing_ok=True)


def sweep_half_written(folder: Path, names: str) -> None:
    """Delete what a kill has left of writing a whole file whose name matches `names`, a regular expression.

    Other temporary files are somebody else's. Raises OSError.
    """
    for left in folder.glob(f"*{TEMPORARY_SUFFIX}"):
        if re.fullmatch(names, left.name.removesuffix(TEMPORARY_SUFFIX)):
            delete(left)


def set_aside(path: Path) -> Path:
    """Rename a file that is damaged, so that nothing reads or replaces it; returns where it is now.

    Raises OSError.
    """
    numbers = itertools.chain([""], itertools.count(2))
    names = (path.with_name(f"{path.name}{DAMAGED_SUFFIX}{number}") for number in numbers)
    aside = next(name for name in names if not os.path.lexists(name))
    _check_in_place(path)
    path.rename(aside)
    return aside


def check_holes(path: Path, large_bytes: int) -> None:
    """Raises ValueError for a file larger than that of which nearly nothing was written; OSError for none."""
    facts = path.stat()
    if facts.st_size > large_bytes and facts.st_blocks * 512 < facts.st_size / 100:
        raise ValueError("not written: nearly all of it is holes")


def check_no_link(folder: Path) -> None:
    """Raises OSError where somebody has put a link in the place of a folder."""
    if folder.is_symlink():
        raise _refused(folder, errno.ELOOP, "it is a link")


@contextlib.contextmanager
def opened_folder(path: Path) -> Iterator[int]:
    """A descriptor of a folder: of it, whatever is put in its place. Raises OSError, also for a link."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def make_folder(path: Path, *, shared: bool = False) -> None:
    """Make a folder for its owner alone whatever the umask, or `shared` as the umask says. Raises OSError."""
    _check_in_place(path.parent)
    path.mkdir(mode=0o777 if shared else 0o700)
    _sync_folder(path.parent)


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file. Raises OSError."""
    with open_file(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


def _mode_in(folder: Path) -> int:
    """Who may read and write a new file: those who may read and write its folder, less the umask."""
    return folder.stat().st_mode & 0o666


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some shared folders know no sync of folders
            raise
    finally:
        os.close(descriptor)
