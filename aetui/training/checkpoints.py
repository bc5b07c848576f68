"""Checkpoints: whole or not there, verified before use, the last few and the best kept.

`checkpoints/index.json` lists what is whole. A file is written before it is listed and unlisted before
it is deleted, so a kill at any moment leaves at most an unlisted file, which the next start sweeps.
"""

import contextlib
import hashlib
import io
import os
import pickle
import struct
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import torch

from aetui.files import delete, open_file, sha256_of, write_whole
from aetui.runs.checkpoint_index import Entry, read_index, sweep, write_index
from aetui.training.checkpoint_sum import add_sum
from aetui.training.weights_file import why_refused

FORMAT = 1


def read_checkpoint(path: Path) -> dict[str, Any]:
    """What is in a checkpoint; no code in it is run. Raises ValueError with what the file is instead."""
    try:
        with open_file(path) as file:
            _refuse_bomb(file)
            payload = torch.load(file, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ValueError(f"not readable: {error.strerror}") from None
    except (pickle.UnpicklingError, RuntimeError, EOFError, KeyError) as error:
        raise ValueError(f"not a checkpoint: it {why_refused(error)}") from None
    if not isinstance(payload, dict) or payload.get("format") != FORMAT:
        raise ValueError("of another format; a newer aetui may have written it")
    return payload


def _refuse_bomb(file: BinaryIO) -> None:
    """`torch.save` compresses nothing: an archive that would unpack to more than its size is none of ours."""
    no_archive = (zipfile.BadZipFile, struct.error, NotImplementedError, EOFError)  # torch says what it is
    with contextlib.suppress(*no_archive), zipfile.ZipFile(file) as archive:
        if sum(item.file_size for item in archive.infolist()) > os.fstat(file.fileno()).st_size:
            raise ValueError("not a checkpoint: it would unpack to more than its size")
    file.seek(0)


class CheckpointStore:
    """The checkpoints of one run. Opening it sweeps what a kill has left; AetuiError where it cannot."""

    def __init__(self, folder: Path, keep: int) -> None:
        self._folder = folder
        self._keep = keep
        self._entries = read_index(folder)
        write_index(folder, self._entries)
        sweep(folder, self._entries)

    @property
    def best(self) -> Entry | None:
        """The listed checkpoint with the lowest test loss."""
        tested = [entry for entry in self._entries if entry.test_loss is not None]
        return min(tested, key=lambda entry: (entry.test_loss, -entry.step), default=None)

    def save(self, payload: dict[str, Any], epoch: int, step: int, test_loss: float | None) -> Entry:
        """Write a checkpoint of tensors and plain Python and delete those no longer kept.

        `test_loss` is None within an epoch. A second checkpoint of the same moment is not written again.
        Raises OSError; then all older checkpoints are as before.
        """
        if self._entries and (self._entries[-1].epoch, self._entries[-1].step) == (epoch, step):
            return self._entries[-1]
        buffer = io.BytesIO()
        torch.save({"format": FORMAT, "test_loss": test_loss, **payload}, buffer)
        add_sum(buffer)
        data = buffer.getbuffer()
        name = f"epoch_{epoch:04d}_step_{step:08d}.pt"
        self._list([entry for entry in self._entries if entry.file != name])
        write_whole(self._folder / name, data)
        entry = Entry(
            file=name, epoch=epoch, step=step, size_bytes=len(data), test_loss=test_loss,
            sha256=hashlib.sha256(data).hexdigest(),
        )  # fmt: skip
        self._list([*self._entries, entry])
        self._delete_old()
        return entry

    def load_newest(self) -> tuple[dict[str, Any] | None, Entry | None, list[str]]:
        """The newest checkpoint that is whole, its entry, and why newer ones were refused."""
        refused: list[str] = []
        for entry in reversed(self._entries):
            try:
                return self._load(entry), entry, refused
            except ValueError as error:
                refused.append(f"{entry.file} is {error}")
        return None, None, refused

    @property
    def newest_bytes(self) -> int:
        """What the newest listed checkpoint takes; 0 where there is none."""
        return self._entries[-1].size_bytes if self._entries else 0

    @property
    def removable(self) -> list[Entry]:
        """What a full disk can do without: all listed checkpoints but the newest and the best."""
        return self._all_but_newest(1)

    def make_room(self) -> None:
        """Delete what is removable, the oldest first. Raises OSError."""
        for entry in self.removable:
            try:
                self._unlist([entry])
            except OSError:  # no room for the list before there is that of a checkpoint
                delete(self._folder / entry.file)
                self._unlist([entry])
            delete(self._folder / entry.file)

    def _load(self, entry: Entry) -> dict[str, Any]:
        path = self._folder / entry.file
        try:
            if sha256_of(path) != entry.sha256:
                raise ValueError("damaged: its SHA-256 is not the recorded one")
        except OSError as error:
            raise ValueError(f"not readable: {error.strerror}") from None
        return read_checkpoint(path)

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
