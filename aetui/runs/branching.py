"""A new run that leaves another at one of its checkpoints, with the other's story up to there as its own."""

import contextlib
import itertools
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from aetui.config.branching import Difference, branched
from aetui.config.steering import OF_IMAGES
from aetui.errors import AetuiError, UsageError
from aetui.files import open_file, read_bounded, whole_file, write_whole
from aetui.runs import states
from aetui.runs.checkpoint_index import (
    Entry,
    best_of,
    check_entry,
    check_size,
    newest_whole,
    read_index,
    write_index,
)
from aetui.runs.create import Place, create_run
from aetui.runs.event_lines import to_json
from aetui.runs.events import (
    BaselineMeasured,
    BranchedOff,
    CheckpointSaved,
    Event,
    PreviewSaved,
    SettingChanged,
    StateChanged,
    Warned,
)
from aetui.runs.folder import PREVIEW_NAME, RunFolder
from aetui.runs.history import History
from aetui.runs.report import read_history
from aetui.runs.trash import MAKING

MOST_PICTURES_BYTES = 500_000_000
"""Of the other run's pictures that are copied; the oldest are left out beyond it."""


def branch_off(source: RunFolder, entry: Entry, changes: Sequence[str], place: Place) -> RunFolder:
    """Make a run that goes on from this checkpoint of another with some settings changed; it is then stopped.

    Its data is the other's, and so is its device where `place` names none. The other stays as it is, and may
    train. Raises AetuiError, then there is no new run.
    """
    meta = source.read_meta()
    at = entry.epoch, entry.step
    preset, differences = branched(source.config, *at, changes, within_epoch=entry.is_within_epoch)
    history = _trunk(source, entry)
    making = place.runs_dir / MAKING  # nobody finds it there, and takes it for a run
    if making.is_symlink():
        raise AetuiError(f"{making} is a link", "remove it: runs are made there")
    folder = create_run(
        preset,
        f"A branch of {source.name} after epoch {entry.epoch}.",
        making,
        Path(meta.data_dir),
        meta.device if place.device == "auto" else place.device,
        place.threads or meta.threads,
        changes=(*meta.changes, *changes),
        shared=place.shared,
        imported=True,
        state=states.STOPPED,
    )
    try:
        kept = _copy_checkpoints(source, folder, entry)
        pictures = _copy_pictures(source, folder, history.previews)
        origin = BranchedOff(source.name, entry.epoch, entry.step)
        write_whole(folder.events, _log(folder, history, origin, pictures, kept, differences))
        folder.change_meta(
            branched_from=source.name,
            branched_step=entry.step,
            epochs=entry.epoch,
            test_loss=entry.test_loss,
            best_loss=history.best.test_loss if history.best else None,
            trained_seconds=history.newest.total_seconds if history.newest else None,
        )
        return RunFolder(folder.path.rename(place.runs_dir / folder.name))
    except BaseException as error:
        shutil.rmtree(folder.path, ignore_errors=True)
        if isinstance(error, OSError):
            raise AetuiError(f"{error.filename}: {error.strerror}", "nothing was made") from None
        raise


def checkpoint_of(source: RunFolder, epoch: int | None) -> Entry:
    """The checkpoint after that epoch, or the newest whole one. Raises UsageError where there is none."""
    if epoch is None:
        if newest := newest_whole(source.checkpoints):
            return newest
        raise UsageError(f"{source.name} has no good checkpoint to go on from", "train it first")
    entries = read_index(source.checkpoints)
    found = [entry for entry in entries if entry.epoch == epoch]
    if not found:
        there = ", ".join(dict.fromkeys(str(entry.epoch) for entry in entries)) or "none"
        raise UsageError(
            f"{source.name} has no checkpoint of epoch {epoch}; there are: {there}",
            "train.keep_checkpoints says how many are kept",
        )
    return found[0]


def _trunk(source: RunFolder, entry: Entry) -> History:
    """The other run's story up to the checkpoint. Raises UsageError for a run that has none."""
    history, _ = read_history(source)
    if history.started is None:
        raise UsageError(
            f"{source.name} was not trained here yet", f"`aetui resume {source.called}` goes on with it"
        )
    history.apply(replace(history.started, epoch=entry.epoch, step=entry.step), history.last_time)
    return history


def _copy_checkpoints(source: RunFolder, folder: RunFolder, entry: Entry) -> list[Entry]:
    """The chosen one, behind the best before it where that is better. Raises AetuiError and OSError."""
    _copy_checkpoint(source, folder, entry)
    kept = [entry]
    best = best_of([one for one in read_index(source.checkpoints) if one.step <= entry.step])
    if best and best != entry:
        with contextlib.suppress(AetuiError, FileNotFoundError):  # its weights alone are lost
            _copy_checkpoint(source, folder, best)
            kept = [best, entry]
    write_index(folder.checkpoints, kept)
    return kept


def _copy_checkpoint(source: RunFolder, folder: RunFolder, entry: Entry) -> None:
    try:
        check_size(source.checkpoints / entry.file)
        with (
            open_file(source.checkpoints / entry.file) as original,
            whole_file(folder.checkpoints / entry.file) as copy,
        ):
            shutil.copyfileobj(original, copy)
        check_entry(folder.checkpoints, entry)
    except ValueError as error:
        raise AetuiError(
            f"{entry.file} of {source.name} is {error}", "choose another checkpoint: --epoch N"
        ) from None


def _copy_pictures(
    source: RunFolder, folder: RunFolder, previews: Sequence[PreviewSaved]
) -> list[PreviewSaved]:
    """As many of the newest as there is room for; what is damaged or gone is left out. Raises OSError."""
    copied: list[PreviewSaved] = []
    room = MOST_PICTURES_BYTES
    for preview in reversed(previews):
        if not re.fullmatch(PREVIEW_NAME, preview.file):
            continue
        try:
            data = read_bounded(source.previews / preview.file, room)
        except OSError:
            continue
        room -= len(data)
        write_whole(folder.previews / preview.file, data)
        copied.append(preview)
    return copied[::-1]


def _log(
    folder: RunFolder,
    history: History,
    origin: BranchedOff,
    pictures: Sequence[PreviewSaved],
    kept: Sequence[Entry],
    differences: Sequence[Difference],
) -> bytes:
    now = time.time()
    lines = []
    ours = _from_here(history, kept, differences)
    for event in itertools.chain(_story(folder, history, pictures), [origin], ours):
        with contextlib.suppress(ValueError):  # a foreign log may hold what is no number
            lines.append(f"{to_json(event, now)}\n")
    return "".join(lines).encode()


def _story(folder: RunFolder, history: History, pictures: Sequence[PreviewSaved]) -> Iterator[Event]:
    """What the other run told until then, as the new one's own."""
    assert history.started is not None
    yield replace(history.started, run=folder.name, epoch=0, step=0, resumed_from=None)
    if history.floor:
        yield history.floor
    for name, loss in history.baselines.items():
        yield BaselineMeasured(name, loss)
    changed = [one for one in history.changed.values() if one.step < history.started.step]  # not at the fork
    told: list[Any] = [*changed, *history.steps, *history.epochs.values()]
    yield from sorted([*told, *pictures, *history.probes], key=lambda event: event.step)


def _from_here(history: History, kept: Sequence[Entry], differences: Sequence[Difference]) -> Iterator[Event]:
    best = history.best
    if best and best.step not in [one.step for one in kept]:
        gone = f"the weights of the best epoch so far, {best.epoch}, are gone"
        yield Warned(f"{gone}: what is best, and patience, counts from epoch {kept[0].epoch} on")
    for one in kept:
        where = (one.epoch, one.step, one.file, one.sha256, one.size_bytes)
        yield CheckpointSaved(*where, best=one == best_of(kept))
    for key, value, before in differences:
        yield SettingChanged(kept[-1].step, key, value, before)
        if key in OF_IMAGES:
            yield Warned(f"test losses from here on are of {key} {value or 0}: another measure")
    yield StateChanged(states.STOPPED)
