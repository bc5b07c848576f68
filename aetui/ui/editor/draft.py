"""A preset with what a person has changed of it; nothing is written until a run is started or it is saved."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from aetui.config.fields import Setting, as_text, every_setting, settings_of
from aetui.config.latent import KEY as LATENT
from aetui.config.latent import latent_number, setting_of
from aetui.config.preset import Preset
from aetui.config.problems import PresetError, Problem
from aetui.config.reading import read_preset
from aetui.config.shipped import preset_text, shipped_presets
from aetui.config.sweeping import MOST_MEMBERS, Vary, count_members, members, read_members, split_values
from aetui.runs.fields import MOST_THREADS

DEVICE, THREADS = "--device", "--threads"
OF_THE_RUN = {
    DEVICE: Setting(
        key=DEVICE,
        meaning="Where it trains: the best device, or one of those that `aetui devices` lists.",
        default="auto",
        range="",
        choices=("auto", "cpu", "cuda", "mps"),
    ),
    THREADS: Setting(
        key=THREADS,
        meaning="CPU threads; left out, as many as the run's own first steps are fastest with.",
        default="",
        range=f"from 1, to {MOST_THREADS:,}",
    ),
}
"""What a run is told besides its preset."""
LATENT_SETTING = Setting(
    key=LATENT,
    meaning="Size of the latent code: what the encoder's last layer that counts its outputs gives.",
    default="",
    range="from 1",
)
OF_ONE_VALUE = ("name", "data.path", "finetune.from_checkpoint")
"""Words that may hold a comma."""
MOST_VALUES = 100
"""Of a setting, each of which is tried as it is typed."""


@dataclass(frozen=True)
class Draft:
    """What is edited: the preset's file, and by key what was typed for it."""

    path: Path
    sentence: str
    base: Preset
    """As the file and `fixed` have it."""
    fixed: tuple[str, ...] = ()
    """Changes of every preset, as the command line of the app asks for."""
    told_device: str = "auto"
    told_threads: int | None = None
    """What the command line of the app says of every run."""
    changed: Mapping[str, str] = field(default_factory=dict)

    def change(self, key: str, text: str) -> "Draft":
        """With another value; with the preset's own, or nothing, it is not changed any more."""
        changed = {other: value for other, value in self.changed.items() if other != key}
        if text.strip() not in (self.own_value(key), ""):
            changed[key] = text.strip()
        return replace(self, changed=changed)

    def own_value(self, key: str) -> str:
        """What holds without a change."""
        of_the_run = {DEVICE: self.told_device, THREADS: as_text(self.told_threads)}
        return of_the_run[key] if key in of_the_run else setting_of(self.base, key)

    def value(self, key: str) -> str:
        """What a key has now, as typed or as the preset has it."""
        if key in self.changed:
            return self.changed[key]
        return self.own_value(key) if key in OF_THE_RUN else setting_of(self.preset or self.base, key)

    @cached_property
    def settings(self) -> list[Setting]:
        """Everything that can be changed."""
        preset = self.preset or self.base
        name, *others = settings_of(preset)
        if latent_number(preset):
            others.insert([one.key for one in others].index("model.encoder"), LATENT_SETTING)
        return [name, *OF_THE_RUN.values(), *others]

    @cached_property
    def varied(self) -> list[Vary]:
        """The settings with several values, between commas: each combination is a run."""
        found = []
        for key, text in self.changed.items():
            if key in OF_THE_RUN or key in OF_ONE_VALUE or _setting(key).is_list:
                continue
            values = tuple(dict.fromkeys(filter(None, split_values(text))))
            if len(values) > 1:
                found.append(Vary(key, values))
        return found

    @property
    def runs(self) -> int:
        """How many runs start."""
        return count_members(self.varied)

    def members(self) -> list[tuple[Preset, tuple[str, ...]]]:
        """The preset and the changes of every run. Raises PresetError for one that is impossible."""
        grid = members(self.varied)
        changes = [(*self.fixed, *self.changes, *member) for member in grid]
        presets = read_members(self.path, (*self.fixed, *self.changes), grid)
        return list(zip(presets, changes, strict=True))

    @property
    def preset(self) -> Preset | None:
        """What will be trained, the first of several; None while there are mistakes."""
        return self._read[0]

    @property
    def mistakes(self) -> dict[str, str]:
        """By the setting that each concerns; under "" what concerns none."""
        return self._read[1]

    @property
    def device(self) -> str:
        return self.value(DEVICE)

    @property
    def threads(self) -> int | None:
        text = self.value(THREADS)
        return int(text) if text else None

    @property
    def command(self) -> str:
        """The command line that trains the same without a screen."""
        own = self.base.name
        shipped = any(one.path == self.path for one in shipped_presets())
        words = ["aetui", "sweep" if self.varied else "train", own if shipped else str(self.path)]
        for one in self.varied:
            words += ["--vary", f"{one.key}={','.join(one.values)}"]
        for change in (*self.fixed, *self.changes):
            words += ["--set", change]
        for key in OF_THE_RUN:
            if self.value(key) != OF_THE_RUN[key].default:
                words += [key, self.value(key)]
        return shlex.join(words)

    def save(self, path: Path) -> None:
        """Write what will be trained as a preset of its own. Raises OSError, also where there is one."""
        assert self.preset is not None
        named = self.preset.model_copy(update={"name": path.stem})
        with path.open("xb") as file:
            try:
                file.write(preset_text(named, self.sentence).encode())
                file.flush()
            except OSError:
                path.unlink(missing_ok=True)
                raise

    @property
    def changes(self) -> list[str]:
        """What was changed of the preset to one value, as `--set` takes it; layers before their code."""
        several = (*OF_THE_RUN, *(one.key for one in self.varied))
        keys = sorted((key for key in self.changed if key not in several), key=lambda key: key == LATENT)
        return [_setting(key).change(self.changed[key]) for key in keys]

    @cached_property
    def _read(self) -> tuple[Preset | None, dict[str, str]]:
        wrong = _mistakes_of_the_run(self.changed)
        if many := next((one for one in self.varied if len(one.values) > MOST_VALUES), None):
            return None, wrong | {many.key: f"{len(many.values)} values are more than {MOST_VALUES}"}
        if self.runs > MOST_MEMBERS:
            return None, wrong | {"": f"{self.runs:,} runs are more than {MOST_MEMBERS:,}"}
        preset = None
        for tried in self._tried():
            try:
                read = read_preset(self.path, [*self.fixed, *self.changes, *tried], for_new_run=True)
            except PresetError as error:
                return None, wrong | _by_setting(error.problems)
            preset = preset or read
        return (None, wrong) if wrong else (preset, {})

    def _tried(self) -> Iterator[tuple[str, ...]]:
        """Every value of what is varied, beside the first ones of all others; nothing, where nothing is."""
        first = tuple(f"{one.key}={one.values[0]}" for one in self.varied)
        yield first
        for place, one in enumerate(self.varied):
            for value in one.values[1:]:
                yield (*first[:place], f"{one.key}={value}", *first[place + 1 :])


def _setting(key: str) -> Setting:
    return next(one for one in (LATENT_SETTING, *every_setting()) if one.key == key)


def _by_setting(problems: tuple[Problem, ...]) -> dict[str, str]:
    keys = [LATENT, *(one.key for one in every_setting())]
    found: dict[str, str] = {}
    for problem in problems:
        of = [key for key in keys if problem.key == key or problem.key.startswith(f"{key}.")]
        key, sentence = (of[0], problem.message) if of else ("", f"{problem.key}: {problem.message}")
        found[key] = f"{found[key]}; {sentence}" if key in found else sentence
    return found


def _mistakes_of_the_run(changed: Mapping[str, str]) -> dict[str, str]:
    threads = changed.get(THREADS, "1")
    is_number = threads.isascii() and threads.isdigit() and len(threads) < 10
    if not is_number or not 1 <= int(threads) <= MOST_THREADS:
        return {THREADS: f"expected a number from 1 to {MOST_THREADS:,}"}
    return {}
