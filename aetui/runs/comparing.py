"""Runs beside each other: what they differ in, and what each reached."""

from collections.abc import Sequence
from dataclasses import dataclass

from aetui.config.fields import every_setting, value_of
from aetui.config.preset import Preset
from aetui.config.reading import read_preset
from aetui.runs.folder import RunFolder
from aetui.runs.history import History
from aetui.runs.liveness import find_state
from aetui.runs.quality import compared
from aetui.runs.report import read_history

ANY = ("name",)
"""Settings that runs may well differ in without being others."""


@dataclass(frozen=True)
class Compared:
    """A run among others."""

    run: str
    preset: str
    state: str
    loss: str
    """What its losses measure; empty where it has not begun."""
    tested: str
    """The images that they are of."""
    settings: dict[str, str]
    """By key, those alone that not all of the runs have alike; empty values are left out in the preset."""
    epochs: int
    best: float | None
    best_epoch: int | None
    last: float | None
    seconds: float
    """Trained."""
    against: str
    """How the best stands to what learns nothing: `27% below PCA-3`."""


def compare(folders: Sequence[RunFolder]) -> list[Compared]:
    """The runs in the order given. Raises AetuiError for one that cannot be read."""
    presets = [read_preset(folder.config) for folder in folders]
    keys = differing(presets)
    return [_compared(folder, preset, keys) for folder, preset in zip(folders, presets, strict=True)]


def differing(presets: Sequence[Preset]) -> list[str]:
    """The settings, in the order of the schema, that not all of these presets have alike."""
    keys = [setting.key for setting in every_setting() if setting.key not in ANY]
    return [key for key in keys if len({value_of(preset, key) for preset in presets}) > 1]


def measures(runs: Sequence[Compared]) -> list[str]:
    """What the losses of these runs are, each once: more than one cannot be compared."""
    return list(dict.fromkeys(f"{one.loss} of {one.tested}" for one in runs if one.loss))


def _compared(folder: RunFolder, preset: Preset, keys: Sequence[str]) -> Compared:
    history, meta = read_history(folder)[0], folder.read_meta()
    newest, best, started = history.newest, history.best, history.started
    return Compared(
        run=folder.name,
        preset=meta.preset,
        state=find_state(folder, meta),
        loss=started.loss if started else "",
        tested=_tested(history),
        settings={key: value_of(preset, key) for key in keys},
        epochs=newest.epoch if newest else 0,
        best=best.test_loss if best else None,
        best_epoch=best.epoch if best else None,
        last=newest.test_loss if newest else None,
        seconds=newest.total_seconds if newest else 0.0,
        against=compared(best.test_loss, history.to_beat) if best else "",
    )


def _tested(history: History) -> str:
    started = history.started
    return f"{started.test_images:,} {history.tested_on} images of {started.data}" if started else ""
