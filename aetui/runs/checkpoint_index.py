"""checkpoints/index.json: which checkpoints of a run are whole."""

import errno
import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import psutil
from pydantic import BaseModel, FailFast, TypeAdapter, ValidationError, model_validator

from aetui.errors import AetuiError, OutOfMemory
from aetui.files import check_holes, check_no_link, read_bounded, sha256_of, write_whole
from aetui.runs.fields import CHECKPOINT_NAME, CheckpointName, Count, Epoch, first_mistake

LARGEST_BYTES = 1_000_000
"""Of the list: a thousand checkpoints take a quarter of it."""
LOST = (errno.ENOENT, errno.EIO, errno.ELOOP, errno.EINVAL, errno.EISDIR)
"""Errors of a file that is not there or not to be read again; at others it may be whole."""
LARGE_BYTES = 10**9
"""Of a checkpoint that takes seconds to read. Weights do not get a hundred times smaller on any disk."""


class Entry(BaseModel):
    """A checkpoint in the index."""

    file: CheckpointName
    epoch: Epoch
    step: Count
    sha256: str
    size_bytes: Count
    test_loss: float | None
    """None for a checkpoint within an epoch."""
    score: float | None = None
    """By which the best is chosen, the lowest; None too where an older version wrote the list."""

    @property
    def is_within_epoch(self) -> bool:
        return self.test_loss is None and self.step > 0

    @model_validator(mode="after")
    def _as_named(self) -> "Entry":
        if self.file != checkpoint_name(self.epoch, self.step):
            raise ValueError(f"{self.file} is not of epoch {self.epoch} and step {self.step}")
        return self


def checkpoint_name(epoch: int, step: int) -> str:
    """The file of a checkpoint, by the epochs finished and the steps taken before it."""
    return f"epoch_{epoch:04d}_step_{step:08d}.pt"


_ENTRIES: TypeAdapter[list[Entry]] = TypeAdapter(Annotated[list[Entry], FailFast()])


def read_index(folder: Path) -> list[Entry]:
    """The listed checkpoints of a run, oldest first.

    Raises AetuiError where the list is damaged, or missing although there are checkpoints.
    """
    path, data = folder / "index.json", b""
    try:
        data = read_bounded(path, LARGEST_BYTES)
        entries = _ENTRIES.validate_json(data)
    except FileNotFoundError:
        if not on_disk(folder):
            return []
        reason = f"missing: {path}"
    except OSError as error:
        reason = f"not readable: {path}: {error.strerror}"
    except ValidationError as error:
        reason = f"damaged: {path}:{_mistake(error, data)}"
    else:
        if len({entry.file for entry in entries}) == len(entries):
            return sorted(entries, key=by_time)
        reason = f"damaged: {path} names a checkpoint twice"
    raise DamagedIndex(
        f"The list of checkpoints is {reason}",
        "nothing was deleted; R in the app, or `aetui resume --repair`, makes it anew from the checkpoints",
    )


def on_disk(folder: Path) -> list[Path]:
    """Every file that is named as a checkpoint, listed or not. Raises AetuiError where nobody can tell."""
    try:
        return sorted(path for path in folder.iterdir() if re.fullmatch(CHECKPOINT_NAME, path.name))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise AetuiError(f"{folder} cannot be read: {error.strerror}", "nothing was changed") from None


class DamagedIndex(AetuiError):
    """The list of a run's checkpoints cannot be used; the checkpoints may be whole."""


def by_time(entry: Entry) -> tuple[int, int]:
    """The key that sorts checkpoints, the oldest first."""
    return entry.step, entry.epoch


def _mistake(error: ValidationError, data: bytes) -> str:
    """The line of the first mistake, its key and what is wrong there."""
    first = first_mistake(error)
    if first is None:
        return f" {error.error_count():,} mistakes"
    if len(first["loc"]) < 2:
        return f" {first['msg']}"
    number, key = first["loc"][:2]
    start = [found.start() for found in re.finditer(rb"\{", data)][int(number)]
    place = max(start, data.find(b'"%b"' % str(key).encode(), start))
    line = 1 + data.count(b"\n", 0, place)
    return f"{line}: {key}: {first['msg']}"


def is_damaged(folder: Path) -> bool:
    """Whether the list cannot be used, so that there may be something to repair."""
    try:
        read_index(folder)
    except DamagedIndex:
        return True
    except AetuiError:  # its folder may not be looked into
        return False
    return False


def best_of(entries: Iterable[Entry]) -> Entry | None:
    """That with the lowest score, the first of several."""
    scored = {one.score: one for one in reversed([*entries]) if one.score is not None}
    return scored.get(min(filter(math.isfinite, scored), default=math.nan))


def newest_whole(folder: Path) -> Entry | None:
    """The newest listed checkpoint of a run whose file is as it was written. Raises AetuiError as above."""
    return next((entry for entry in reversed(read_index(folder)) if _is_whole(folder, entry)), None)


def check_whole(path: Path) -> None:
    """Raises AetuiError where the file is listed as a checkpoint and is no longer as it was written."""
    named = re.fullmatch(CHECKPOINT_NAME, path.name)
    listed = read_index(path.parent) if named and (path.parent / "index.json").is_file() else []
    if any(entry.file == path.name and not _is_whole(path.parent, entry) for entry in listed):
        raise AetuiError(
            f"{path} is damaged: its SHA-256 is not the recorded one", "choose another checkpoint"
        )


def check_entry(folder: Path, entry: Entry) -> None:
    """Raises ValueError where a checkpoint is not as it was written; OSError, OutOfMemory else."""
    path = folder / entry.file
    check_no_link(path)
    check_size(path)
    if path.lstat().st_size != entry.size_bytes or sha256_of(path) != entry.sha256:
        raise ValueError("damaged: its SHA-256 is not the recorded one")


def check_size(path: Path) -> None:
    """Raises ValueError for a file that is nearly all holes, OutOfMemory for one larger than this machine's.

    The second may be whole. OSError where there is none.
    """
    check_holes(path, LARGE_BYTES)
    if path.stat().st_size > psutil.virtual_memory().total:
        raise OutOfMemory(f"{path} is larger than this machine's memory", "take a machine that has more")


def _is_whole(folder: Path, entry: Entry) -> bool:
    try:
        check_entry(folder, entry)
    except ValueError:
        return False
    except OSError as error:
        if error.errno in LOST:
            return False
        raise AetuiError(f"{folder / entry.file} cannot be read: {error.strerror}") from None
    return True


def write_index(folder: Path, entries: list[Entry]) -> None:
    """List these checkpoints. Raises OSError."""
    write_whole(folder / "index.json", _ENTRIES.dump_json(entries, indent=1))
