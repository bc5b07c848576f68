"""checkpoints/index.json: which checkpoints of a run are whole."""

from pathlib import Path

from pydantic import BaseModel, TypeAdapter, ValidationError

from aetui.errors import AetuiError
from aetui.runs.files import TEMPORARY_SUFFIX, write_whole

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
