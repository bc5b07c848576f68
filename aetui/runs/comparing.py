"""Runs beside each other: what they differ in, and what each reached."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, stdev

from aetui.config.fields import STEER, every_setting, value_of
from aetui.config.latent import KEY, differ_in_latent_alone, latent_of
from aetui.config.notes import as_text
from aetui.config.preset import Preset
from aetui.runs.folder import RunFolder
from aetui.runs.history import History
from aetui.runs.liveness import find_state
from aetui.runs.quality import compared
from aetui.runs.report import read_history
from aetui.text import format_number

SEED = "train.seed"
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

    @property
    def measure(self) -> str:
        """What the losses are and of what; empty where the run has not begun."""
        return f"{self.loss} of {self.tested}" if self.loss else ""


def compare(folders: Sequence[RunFolder]) -> list[Compared]:
    """The runs in the order given. Raises AetuiError for one that cannot be read."""
    metas = [folder.read_meta() for folder in folders]
    settings = differing([folder.read_preset() for folder in folders])
    return [
        beside(read_history(folder)[0], different, folder.name, meta.preset, find_state(folder, meta))
        for folder, meta, different in zip(folders, metas, settings, strict=True)
    ]


def differing(presets: Sequence[Preset]) -> list[dict[str, str]]:
    """For each preset those settings, in the order of the schema, that not all of them have alike.

    Behind them is what they were told while they trained.
    """
    keys = [setting.key for setting in every_setting() if setting.key not in ANY]
    found = [{key: value_of(preset, key) for key in keys} for preset in presets]
    found = [one | {STEER: as_text(preset.steer)} for one, preset in zip(found, presets, strict=True)]
    told = [key for key in (*keys, STEER) if len({settings[key] for settings in found}) > 1]
    if "model.encoder" in told and differ_in_latent_alone(presets):
        told[told.index("model.encoder")] = KEY
        found = [one | {KEY: latent_of(preset)} for one, preset in zip(found, presets, strict=True)]
    return [{key: settings[key] for key in told} for settings in found]


@dataclass(frozen=True)
class OverSeeds:
    """Runs that differ in nothing but their seeds."""

    runs: tuple[Compared, ...]

    @property
    def settings(self) -> dict[str, str]:
        """What they differ in from the others."""
        return {key: value for key, value in self.runs[0].settings.items() if key != SEED}

    @property
    def best(self) -> str:
        """Mean and sample standard deviation of their best losses: `0.0395 ± 0.0003`."""
        return mean_and_deviation([one.best for one in self.runs if one.best is not None])


def over_seeds(runs: Sequence[Compared]) -> list[OverSeeds]:
    """The runs in groups that differ in nothing but their seeds, in the order of their first ones."""
    groups: dict[tuple[object, ...], list[Compared]] = {}
    if not any(SEED in one.settings for one in runs):
        return [OverSeeds((one,)) for one in runs]
    for one in runs:
        settings = tuple((key, value) for key, value in one.settings.items() if key != SEED)
        groups.setdefault((one.measure, one.preset, settings), []).append(one)
    return [OverSeeds(tuple(group)) for group in groups.values()]


def mean_and_deviation(values: Sequence[float]) -> str:
    """As people write it; of a single value itself."""
    if len(values) < 2 or not all(map(math.isfinite, values)):
        return format_number(values[0]) if len(values) == 1 else "–"
    return f"{format_number(mean(values))} ± {stdev(values):.2g}"


def measures(runs: Sequence[Compared]) -> list[str]:
    """What the losses of these runs are, each once: more than one cannot be compared."""
    return list(dict.fromkeys(one.measure for one in runs if one.measure))


def beside(history: History, settings: Mapping[str, str], run: str, preset: str, state: str) -> Compared:
    """A run among others, of its story so far and the settings that they differ in."""
    newest, best, started = history.newest, history.best, history.started
    return Compared(
        run=run,
        preset=preset,
        state=state,
        loss=started.loss if started else "",
        tested=_tested(history),
        settings=dict(settings),
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
