"""One checkpoint's file: read without running what is in it, and verified."""

import contextlib
import io
import math
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import torch
from pydantic import BaseModel, ConfigDict, InstanceOf, ValidationError

from aetui.errors import AetuiError, OutOfMemory
from aetui.files import open_file, sha256_of
from aetui.runs.checkpoint_index import LOST, Entry, check_entry, check_size
from aetui.runs.fields import Count, Epoch, first_mistake
from aetui.training.checkpoint_sum import add_sum, sum_holds
from aetui.training.failures import is_out_of_memory
from aetui.training.pickle_bounds import refuse_costly
from aetui.training.weights_file import refuse_bomb, why_refused

FORMAT = 1


@dataclass
class Progress:
    """How far a run is: part of every checkpoint, plain numbers only."""

    epoch: Epoch = 0
    """Epochs finished."""
    step: Count = 0
    """Optimizer steps since the start of the run."""
    batch: Count = 0
    """Batches of the unfinished epoch."""
    loss_sum: float = 0.0
    """Over the unfinished epoch's images so far: the sum of their losses."""
    pixel_sum: float = 0.0
    """The same of their errors in pixels, where the loss measures something else."""
    epoch_seconds: float = 0.0
    total_seconds: float = 0.0
    best_score: float = float("inf")
    """The lowest `EpochFinished.score` so far."""


class RandomStates(BaseModel):
    """Of torch's generators, as bytes."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    cpu: torch.Tensor
    cuda: list[torch.Tensor]


class Checkpoint(BaseModel):
    """A moment of a run: all that going on from it needs."""

    model: InstanceOf[dict[str, Any]]
    trained: InstanceOf[dict[str, Any]] | None = None
    """The weights that the next step changes, where `model` is their running mean."""
    optimizer: InstanceOf[dict[str, Any]]
    random: RandomStates
    progress: Progress
    made_on: dict[str, str]
    """What a resumed run must agree on to equal a straight one bit for bit."""
    settings: dict[str, str] = {}
    """What the run keeps: those of the preset (`aetui.config.kept`), and which images it has. Empty where an
    older version wrote it."""
    told: dict[str, str] = {}
    """What may be told otherwise while a run trains, as it was at this step. Empty where an older version
    wrote it."""
    test_loss: float | None = None
    """None within an epoch, and where an older version wrote it."""
    score: float | None = None
    """By which the best is chosen; `EpochFinished.score`."""


def to_bytes(checkpoint: Checkpoint) -> memoryview:
    """The file of a checkpoint, with its own sum."""
    buffer = io.BytesIO()
    parts = {name: getattr(checkpoint, name) for name in Checkpoint.model_fields}
    plain = {"random": dict(checkpoint.random), "progress": asdict(checkpoint.progress)}
    torch.save({"format": FORMAT, **parts, **plain}, buffer)
    add_sum(buffer)
    return buffer.getbuffer()


def read_listed(folder: Path, entry: Entry) -> Checkpoint:
    """A checkpoint that is as its run lists it.

    Raises ValueError with what is wrong with the file, AetuiError where it cannot be read now.
    """
    path = folder / entry.file
    with _lost_or_later(path):
        check_entry(folder, entry)
        checkpoint = read_checkpoint(path)
        if (checkpoint.progress.epoch, checkpoint.progress.step) != (entry.epoch, entry.step):
            raise ValueError("of another moment than it is listed with")
        return checkpoint


def read_unlisted(path: Path) -> tuple[Entry, list[str]]:
    """What a checkpoint that is whole by its own sum says of itself, and what could not be verified.

    Raises as `read_listed`.
    """
    with _lost_or_later(path):
        check_size(path)
        holds = sum_holds(path)
        if holds is False or (holds is None and not _archive_is_whole(path)):
            raise ValueError("damaged: its own sum does not hold")
        checkpoint = read_checkpoint(path)
        entry = _entry(path, checkpoint)
    doubts = [] if holds else ["an older version wrote it, without a sum; its CRC-32s hold"]
    told = "test_loss" in checkpoint.model_fields_set
    return entry, doubts + ([] if told else ["which test loss it had is not known"])


def read_checkpoint(path: Path) -> Checkpoint:
    """What is in a checkpoint; no code in it is run. Raises OSError, ValueError with what it is instead."""
    with open_file(path) as file:
        refuse_bomb(file)
        refuse_costly(file)
        payload = _load(file)
    if not isinstance(payload, dict) or payload.get("format") != FORMAT:
        raise ValueError("of another format; a newer aetui may have written it")
    try:
        return Checkpoint.model_validate(payload | {"progress": _progress(payload.get("progress"))})
    except ValidationError as error:
        first = first_mistake(error)
        what = f"{'.'.join(map(str, first['loc']))}: {first['msg']}" if first else "nothing in it fits"
        raise ValueError(f"not a checkpoint: {what}") from None


def _progress(read: Any) -> Any:
    """With a best score that is not known, NaN, where an older version wrote the best test loss."""
    if isinstance(read, dict) and "best_test_loss" in read:
        return {"best_score": math.nan, **read}
    return read


def _load(file: BinaryIO) -> Any:
    try:
        return torch.load(file, map_location="cpu", weights_only=True)
    except (OSError, MemoryError):
        raise
    except Exception as error:  # what torch raises at damaged files is without bounds
        if is_out_of_memory(error):  # the file may be whole
            raise OutOfMemory(
                "The memory is not enough to read the checkpoint", "end other programs"
            ) from None
        raise ValueError(f"not a checkpoint: it {why_refused(error)}") from None


def _entry(path: Path, checkpoint: Checkpoint) -> Entry:
    progress = checkpoint.progress
    try:
        return Entry(
            file=path.name, epoch=progress.epoch, step=progress.step, size_bytes=path.lstat().st_size,
            test_loss=checkpoint.test_loss, score=checkpoint.score, sha256=sha256_of(path),
        )  # fmt: skip
    except ValidationError:
        raise ValueError("not named as a checkpoint is") from None


def _archive_is_whole(path: Path) -> bool:
    """By the CRC-32 of everything in it."""
    try:
        with open_file(path) as file, zipfile.ZipFile(file) as archive:
            return archive.testzip() is None
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, struct.error):
        return False


@contextlib.contextmanager
def _lost_or_later(path: Path) -> Iterator[None]:
    """Tell a file that is lost, a ValueError, from one that cannot be read now, an AetuiError."""
    try:
        yield
    except OSError as error:
        if error.errno in LOST:
            raise ValueError(f"not readable: {error.strerror}") from None
        raise AetuiError(
            f"{path} cannot be read now: {error.strerror}", "nothing was changed; mend that and try again"
        ) from None
