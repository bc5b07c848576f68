"""What the runs folder tells of earlier runs, read fast enough for a cursor that moves."""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from aetui.config.preset import Preset
from aetui.config.problems import PresetError
from aetui.config.reading import read_preset
from aetui.runs.event_log import EventFollower
from aetui.runs.folder import RunFolder
from aetui.runs.history import History
from aetui.runs.listing import RunSummary


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
    """From the first of `runs` that trained the model of this preset as it is for an epoch or more."""
    for run in runs:
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
        ran = read_preset(folder.config)
    except PresetError:
        return False
    return _work(ran) == _work(preset)


def _work(preset: Preset) -> tuple[object, ...]:
    train = preset.train
    how = (train.batch_size, train.accumulate, train.precision, train.compile)
    return preset.data.name, preset.image_size, preset.model, preset.mask, how
