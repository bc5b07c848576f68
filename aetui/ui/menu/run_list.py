"""What the runs folder tells of earlier runs, read fast enough for a cursor that moves."""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from aetui.config.preset import Preset
from aetui.config.problems import PresetError
from aetui.config.reading import read_preset
from aetui.runs.event_log import PASSING
from aetui.runs.events import from_json
from aetui.runs.folder import RunFolder
from aetui.runs.history import History
from aetui.runs.lines import LineFollower
from aetui.runs.listing import RunSummary


@dataclass(frozen=True)
class Pace:
    """How long an epoch took, with its test."""

    seconds_per_epoch: float
    device_name: str


def read_outline(folder: RunFolder) -> History:
    """The run's story without its steps and the looks at the machine; empty where there is no log."""
    history = History()
    log = LineFollower(folder.events)
    with contextlib.suppress(OSError):
        while lines := log.read():
            for line in lines:
                if not line.startswith(PASSING):
                    with contextlib.suppress(ValueError):
                        history.apply(*from_json(line))
    return history


def measured_pace(preset: Preset, runs: Iterable[RunSummary], runs_dir: Path) -> Pace | None:
    """From the first of `runs` that trained the model of this preset as it is for an epoch or more."""
    for run in runs:
        folder = RunFolder(runs_dir / run.run)
        if run.preset != preset.name or not run.epochs or not _same_work(folder, preset):
            continue
        history = read_outline(folder)
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
