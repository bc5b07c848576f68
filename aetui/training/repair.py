"""A list of checkpoints made anew from the checkpoints themselves."""

import zipfile
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from aetui.files import sha256_of
from aetui.runs.checkpoint_index import NAMES, Entry, write_index
from aetui.runs.fields import CheckpointName
from aetui.training.checkpoint_sum import sum_holds
from aetui.training.checkpoints import read_checkpoint

_NAME = TypeAdapter(CheckpointName)
DAMAGED_SUFFIX = ".damaged"
"""Added to the name of a file that is no whole checkpoint, so that nothing sweeps it away."""


def repair_index(checkpoints: Path) -> list[str]:
    """List every checkpoint that is whole by its own sum; returns what is to know, as sentences.

    A file that is not whole is kept under another name. Raises OSError.
    """
    entries: list[Entry] = []
    notes: list[str] = []
    for path in sorted(checkpoints.glob(NAMES)):
        try:
            entry, doubts = _entry(path)
        except (OSError, ValueError) as error:
            notes.append(f"{path.name} is not listed: it is {error}")
            path.rename(path.with_name(path.name + DAMAGED_SUFFIX))
        else:
            entries.append(entry)
            notes += [f"{path.name}: {doubt}" for doubt in doubts]
    write_index(checkpoints, sorted(entries, key=lambda entry: (entry.step, entry.epoch)))
    listed = ", ".join(entry.file for entry in entries) or "nothing"
    return [f"the list of checkpoints is made anew, with {listed}", *notes]


def _entry(path: Path) -> tuple[Entry, list[str]]:
    """What the checkpoint says of itself, and what could not be verified. Raises ValueError and OSError."""
    try:
        _NAME.validate_python(path.name)
    except ValidationError:
        raise ValueError("not named as a checkpoint is") from None
    holds = sum_holds(path)
    if holds is False or (holds is None and not _archive_is_whole(path)):
        raise ValueError("damaged: its own sum does not hold")
    payload = read_checkpoint(path)
    progress, test_loss = payload.get("progress"), payload.get("test_loss")
    entry = _checked(path, progress if isinstance(progress, dict) else {}, test_loss)
    doubts = [] if holds else ["an older version wrote it, without a sum; its CRC-32s hold"]
    return entry, doubts + ([] if "test_loss" in payload else ["which test loss it had is not known"])


def _checked(path: Path, progress: dict[str, Any], test_loss: Any) -> Entry:
    facts = {"file": path.name, "sha256": sha256_of(path), "size_bytes": path.stat().st_size}
    try:
        return Entry.model_validate(
            {**facts, "epoch": progress.get("epoch"), "step": progress.get("step"), "test_loss": test_loss}
        )
    except ValidationError:
        raise ValueError("without its own progress") from None


def _archive_is_whole(path: Path) -> bool:
    """By the CRC-32 of everything in it."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return False
