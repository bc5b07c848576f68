"""Checkpoints that no list names are listed again, each after its own sum is verified."""

from pathlib import Path

from aetui.errors import AetuiError
from aetui.files import set_aside
from aetui.runs.checkpoint_index import Entry, by_time, on_disk, write_index
from aetui.training.checkpoint_file import read_unlisted


def repair_index(checkpoints: Path) -> list[str]:
    """List every checkpoint that is whole by its own sum; returns what is to know, as sentences.

    A file that is not whole is kept under another name. Raises OSError, and AetuiError where nothing is
    whole or something cannot be read now; then all is as before.
    """
    entries, notes = list_unlisted(checkpoints, [])
    listed = ", ".join(entry.file for entry in entries)
    return [f"the list of checkpoints is made anew, with {listed or 'nothing'}", *notes]


def list_unlisted(checkpoints: Path, listed: list[Entry]) -> tuple[list[Entry], list[str]]:
    """All checkpoints, with those that were not `listed`, and what is to know of these. Raises as above."""
    found: list[Entry] = []
    damaged: dict[Path, str] = {}
    notes: list[str] = []
    for path in on_disk(checkpoints):
        if any(entry.file == path.name for entry in listed):
            continue
        try:
            entry, doubts = read_unlisted(path)
        except ValueError as error:
            damaged[path] = str(error)
        else:
            found.append(entry)
            notes += [f"{path.name}: {doubt}" for doubt in doubts]
    if damaged and not (found or listed):
        why = "; ".join(f"{path.name} is {reason}" for path, reason in damaged.items())
        raise AetuiError(f"None of the checkpoints is whole: {why}", "nothing was changed")
    entries = sorted([*listed, *found], key=by_time)
    write_index(checkpoints, entries)
    for path, reason in damaged.items():
        notes.append(f"{path.name} is not listed: it is {reason}; kept as {set_aside(path).name}")
    return entries, notes
