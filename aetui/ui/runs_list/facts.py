"""What the table shows of a run besides its meta.json: read for the rows in sight, piece by piece."""

import time
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from aetui.config.latent import setting_of
from aetui.config.preset import Preset
from aetui.config.problems import PresetError
from aetui.files import check_no_link
from aetui.runs import states
from aetui.runs.folder import RunFolder
from aetui.runs.history import History
from aetui.runs.listing import RunSummary
from aetui.ui.parts.earlier_runs import Outline

MOST_KEPT = 500
"""Runs of which facts are kept."""


@dataclass
class Facts:
    """Of one run."""

    of: RunSummary
    """As it stood when they were read."""
    size_bytes: int = 0
    losses: list[float] = field(default_factory=list)
    """Test losses of the trained epochs."""
    best: float | None = None
    outline: Outline | None = None
    """While there is more to read."""


class FactReader:
    """Reads the facts of runs that are looked at, and the presets of those that a filter asks for."""

    def __init__(self, runs_dir: Path) -> None:
        self._runs_dir = runs_dir
        self._facts: dict[str, Facts] = {}
        self._presets: dict[str, Preset | None] = {}
        self._wanted: OrderedDict[str, None] = OrderedDict()
        """Runs whose presets were asked for."""

    def facts(self, run: RunSummary) -> Facts | None:
        """As far as they were read."""
        return self._facts.get(run.run)

    def setting(self, run: RunSummary, key: str) -> str | None:
        """The value of a setting; None until the preset is read, and where it cannot be."""
        if run.run not in self._presets:
            self._wanted[run.run] = None
            return None
        preset = self._presets[run.run]
        return setting_of(preset, key) if preset else None

    def read(self, runs: Iterable[RunSummary], seconds: float) -> tuple[bool, bool]:
        """Read on for about so long. Returns whether facts of `runs` are new, and whether presets are."""
        end = time.monotonic() + seconds
        presets = self._read_presets(end)
        news = False
        for run in runs:
            if time.monotonic() > end:
                break
            news |= self._read_facts(run, end)
        while len(self._facts) > MOST_KEPT:
            del self._facts[next(iter(self._facts))]
        return news, presets

    def behind(self, runs: Iterable[RunSummary]) -> bool:
        """Whether there is more to read."""
        return bool(self._wanted) or any(self._is_due(run) for run in runs)

    def _is_due(self, run: RunSummary) -> bool:
        facts = self._facts.get(run.run)
        return facts is None or facts.outline is not None or facts.of.epochs != run.epochs

    def _read_presets(self, end: float) -> bool:
        read = False
        while self._wanted and time.monotonic() < end:
            name, _ = self._wanted.popitem(last=False)
            try:
                self._presets[name] = RunFolder(self._runs_dir / name).read_preset()
            except PresetError:
                self._presets[name] = None
            read = True
        return read

    def _read_facts(self, run: RunSummary, end: float) -> bool:
        if not self._is_due(run):
            return False
        folder = RunFolder(self._runs_dir / run.run)
        before = self._facts.get(run.run)
        facts = before if before and before.outline else Facts(run, outline=Outline(folder))
        assert facts.outline is not None
        behind = True
        while behind and time.monotonic() < end:
            behind = facts.outline.read_on()
        if behind:
            if before is None:
                self._facts[run.run] = facts
            return False
        history = facts.outline.history
        self._facts[run.run] = Facts(run, _size(folder), _losses(history), _best(run, history))
        return True


def _size(folder: RunFolder) -> int:
    """Bytes on the disk, of the files that a run writes."""
    total = 0
    for place in (folder.path, folder.checkpoints, folder.previews):
        try:
            check_no_link(place)
            total += sum(file.lstat().st_size for file in place.iterdir() if not file.is_dir())
        except OSError:
            continue
    return total


def _losses(history: History) -> list[float]:
    return [epoch.test_loss for number, epoch in sorted(history.epochs.items()) if number]


def _best(run: RunSummary, history: History) -> float | None:
    if run.best_loss is not None and run.state not in states.LIVE:
        return run.best_loss
    return history.best.test_loss if history.best else None
