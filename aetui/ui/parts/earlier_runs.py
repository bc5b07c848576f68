"""What the runs folder tells of earlier runs, read fast enough for a cursor that moves."""

import contextlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from aetui.config.preset import Preset
from aetui.config.problems import PresetError
from aetui.runs.event_log import EventFollower
from aetui.runs.folder import RunFolder
from aetui.runs.history import History
from aetui.runs.listing import RunSummary

LOOK_SECONDS = 0.1
MOST_KEPT = 200


@dataclass(frozen=True)
class Pace:
    """How long an epoch took, with its test."""

    seconds_per_epoch: float
    device_name: str


class Outline:
    """A run's story without most of its steps, read piece by piece: empty where there is no log."""

    def __init__(self, folder: RunFolder) -> None:
        self.history = History()
        self._log = EventFollower(folder.events)

    def read_on(self) -> bool:
        """Read the next piece, some milliseconds long; returns whether there is more."""
        with contextlib.suppress(OSError):
            for event, time in self._log.poll():
                self.history.apply(event, time)
            return self._log.behind
        return False


def measured_pace(preset: Preset, runs: Iterable[RunSummary], runs_dir: Path) -> Pace | None:
    """From the first of `runs` that trained the model of this preset as it is for an epoch or more.

    As far as a moment is enough to look: what was read is not read again, so that the next look goes on.
    """
    end = time.monotonic() + LOOK_SECONDS
    for run in runs:
        if time.monotonic() > end:
            break
        folder = RunFolder(runs_dir / run.run)
        if run.preset != preset.name or not run.epochs or not _same_work(folder, preset):
            continue
        outline = Outline(folder)
        outline.read_on()  # a long log's first part has epochs enough
        history = outline.history
        if history.started and history.newest and history.newest.epoch:
            seconds = history.newest.seconds + history.newest.test_seconds
            return Pace(seconds, history.started.device_name)
    return None


def _same_work(folder: RunFolder, preset: Preset) -> bool:
    """Whether an epoch of the run in `folder` computed what one of this preset will."""
    try:
        looked_at = folder.config.lstat()
    except OSError:
        return False
    ran = _ran(folder.path, looked_at.st_mtime_ns, looked_at.st_size)
    return ran is not None and _work(ran) == _work(preset)


@lru_cache(MOST_KEPT)
def _ran(folder: Path, modified_ns: int, size: int) -> Preset | None:
    """What a run trained, read once as long as its file stays as it is; None where it cannot be read."""
    try:
        return RunFolder(folder).read_preset()
    except PresetError:
        return None


def _work(preset: Preset) -> tuple[object, ...]:
    train = preset.train
    how = (train.batch_size, train.accumulate, train.precision, train.compile)
    return preset.data.name, preset.image_size, preset.model, preset.mask, how
