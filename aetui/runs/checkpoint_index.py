"""checkpoints/index.json: which checkpoints of a run are whole."""

from pathlib import Path

from pydantic import BaseModel, TypeAdapter, ValidationError

from aetui.errors import AetuiError
from aetui.runs.files import TEMPORARY_SUFFIX, sha256_of, write_whole

NAMES = "epoch_*_step_*.pt"


class Entry(BaseModel):
    """A checkpoint in the index."""

    file: str
    epoch: int
    step: int
    sha256: str
    size_bytes: int
    test_loss: float | None
    """None for a checkpoint within an epoch."""


_ENTRIES = TypeAdapter(list[Entry])


def read_index(folder: Path) -> list[Entry]:
    """The listed checkpoints of a run, oldest first.

    Raises AetuiError where the list is damaged, or missing although there are checkpoints.
    """
    path = folder / "index.json"
    try:
        entries = _ENTRIES.validate_json(path.read_bytes())
    except FileNotFoundError:
        if not any(folder.glob(NAMES)):
            return []
        reason = "missing"
    except (OSError, ValidationError):
        reason = "damaged"
    else:
        return sorted(entries, key=lambda entry: (entry.step, entry.epoch))
    raise AetuiError(
        f"The list of checkpoints is {reason}: {path}",
        "nothing was deleted; move the folder away to train from the start",
    )


def newest_whole(folder: Path) -> Entry | None:
    """The newest listed checkpoint of a run whose file is as it was written. Raises AetuiError as above."""
    return next((entry for entry in reversed(read_index(folder)) if _is_whole(folder, entry)), None)


def check_whole(path: Path) -> None:
    """Raises AetuiError where the file is listed as a checkpoint and is no longer as it was written."""
    listed = read_index(path.parent) if path.match(NAMES) and (path.parent / "index.json").is_file() else []
    if any(entry.file == path.name and not _is_whole(path.parent, entry) for entry in listed):
        raise AetuiError(
            f"{path} is damaged: its SHA-256 is not the recorded one", "choose another checkpoint"
        )


def _is_whole(folder: Path, entry: Entry) -> bool:
    try:
        return sha256_of(folder / entry.file) == entry.sha256
    except OSError:
        return False


def write_index(folder: Path, entries: list[Entry]) -> None:
    """List these checkpoints. Raises OSError."""
    write_whole(folder / "index.json", _ENTRIES.dump_json(entries, indent=1))


def sweep(folder: Path, entries: list[Entry]) -> None:
    """Delete the leftovers of a kill: half-written files, and checkpoints that no list names."""
    listed = {entry.file for entry in entries}
    for pattern in (NAMES, "*" + TEMPORARY_SUFFIX):
        for path in folder.glob(pattern):
            if path.name not in listed:
                path.unlink()
