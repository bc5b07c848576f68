"""Checkpoints: whole or not there, verified before use, the last few and the best kept.

`checkpoints/index.json` lists what is whole. A file is written before it is listed and unlisted before
it is deleted, so a kill at any moment leaves at most an unlisted file, which the next start lists again.
"""

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

from aetui.files import check_no_link, delete, set_aside, sweep_half_written, write_whole
from aetui.runs.checkpoint_index import Entry, best_of, check_entry, checkpoint_name, read_index, write_index
from aetui.training.checkpoint_file import Checkpoint, read_listed, to_bytes
from aetui.training.repair import list_unlisted


class Refused(NamedTuple):
    """A listed checkpoint that cannot be used."""

    entry: Entry
    reason: str


class Loaded(NamedTuple):
    """The newest checkpoint that is whole, if there is one, and the newer ones that are not."""

    checkpoint: Checkpoint | None
    entry: Entry | None
    refused: list[Refused]


class CheckpointStore:
    """The checkpoints of one run, of which `keep` are kept. AetuiError where the list is damaged."""

    def __init__(self, folder: Path, keep: int) -> None:
        self._folder = folder
        self._keep = keep
        self._entries = read_index(folder)

    def tidy(self) -> list[str]:
        """List and clear away what a kill has left; returns what is to know. Only the run's process may.

        Raises OSError, and AetuiError as `list_unlisted` does.
        """
        sweep_half_written(self._folder, r"index\.json|epoch_\d+_step_\d+\.pt")
        self._entries, notes = list_unlisted(self._folder, self._entries)
        return notes

    @property
    def newest(self) -> Entry | None:
        """The newest listed checkpoint."""
        return self._entries[-1] if self._entries else None

    @property
    def best(self) -> Entry | None:
        """The listed checkpoint with the lowest score, the first of several."""
        return best_of(self._entries)

    def save(self, checkpoint: Checkpoint) -> Entry:
        """Write a checkpoint and delete those no longer kept.

        A second checkpoint of the same moment is not written again while its file is there.
        Raises OSError; then all older checkpoints are as before.
        """
        check_no_link(self._folder)
        epoch, step = checkpoint.progress.epoch, checkpoint.progress.step
        newest = self.newest
        if newest and (newest.epoch, newest.step) == (epoch, step) and (self._folder / newest.file).is_file():
            return newest
        data = to_bytes(checkpoint)
        name = checkpoint_name(epoch, step)
        self._list([entry for entry in self._entries if entry.file != name])
        write_whole(self._folder / name, data)
        entry = Entry(
            file=name, epoch=epoch, step=step, size_bytes=len(data), test_loss=checkpoint.test_loss,
            score=checkpoint.score, sha256=hashlib.sha256(data).hexdigest(),
        )  # fmt: skip
        self._list([*self._entries, entry])
        self._delete_old()
        return entry

    def load_newest(self) -> Loaded:
        """The newest checkpoint that is whole; nothing is changed.

        Raises AetuiError where one cannot be read now, though it may be whole.
        """
        refused: list[Refused] = []
        for entry in reversed(self._entries):
            try:
                return Loaded(read_listed(self._folder, entry), entry, refused)
            except ValueError as error:
                refused.append(Refused(entry, str(error)))
        return Loaded(None, None, refused)

    def load(self, entry: Entry) -> Checkpoint:
        """Raises ValueError for what is damaged, AetuiError where it cannot be read now."""
        return read_listed(self._folder, entry)

    def set_aside(self, entry: Entry) -> str:
        """List a damaged checkpoint no more and keep its file, if there is one, under a name that is told."""
        self._unlist([entry])
        path = self._folder / entry.file
        return f"; kept as {set_aside(path).name}" if os.path.lexists(path) else ""

    @property
    def unscored(self) -> bool:
        """Whether an older version listed what it knew the test loss of, and no score."""
        return any(entry.score is None and entry.test_loss is not None for entry in self._entries)

    def score(self, by_step: dict[int, float]) -> None:
        """Give those entries their scores; one without is not the best."""
        self._list(
            [
                entry.model_copy(update={"score": by_step.get(entry.step), "test_loss": None})
                if entry.score is None and entry.test_loss is not None
                else entry
                for entry in self._entries
            ]
        )

    @property
    def removable(self) -> list[Entry]:
        """What a full disk can do without: all listed checkpoints but the newest and the best."""
        return self._all_but_newest(1)

    def make_room(self) -> None:
        """Delete what is removable, the oldest first. Raises OSError; ValueError for a damaged newest one."""
        check_no_link(self._folder)
        if self.newest:
            check_entry(self._folder, self.newest)
        for entry in self.removable:
            try:
                self._unlist([entry])
            except OSError:  # no room for the list before there is that of a checkpoint
                delete(self._folder / entry.file)
                self._unlist([entry])
            delete(self._folder / entry.file)

    def _all_but_newest(self, count: int) -> list[Entry]:
        kept = [*self._entries[-count:], self.best]
        return [entry for entry in self._entries if entry not in kept]

    def _delete_old(self) -> None:
        old = self._all_but_newest(self._keep)
        self._unlist(old)
        for entry in old:
            delete(self._folder / entry.file)

    def _unlist(self, entries: list[Entry]) -> None:
        self._list([entry for entry in self._entries if entry not in entries])

    def _list(self, entries: list[Entry]) -> None:
        if entries != self._entries:
            write_index(self._folder, entries)
            self._entries = entries
