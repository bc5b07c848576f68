"""What the command line tells the app."""

from collections.abc import Sequence
from dataclasses import dataclass

from aetui.config.preset import Preset
from aetui.runs.create import Place, create_run
from aetui.runs.folder import RunFolder
from aetui.terminal.choice import ASSUMED_CELL, Choice

UNASKED = Choice("half", "half-blocks: the terminal was not asked", ASSUMED_CELL)


@dataclass(frozen=True)
class Settings(Place):
    """Where things are and how runs are started."""

    seed: int | None = None
    """Overrides train.seed of every preset started from the menu."""
    images: Choice = UNASKED
    """How pictures are drawn in this terminal, and why."""

    @property
    def changes(self) -> tuple[str, ...]:
        """What is changed in every preset, as `section.key=value`."""
        return () if self.seed is None else (f"train.seed={self.seed}",)

    def new_run(self, preset: Preset, sentence: str, changes: Sequence[str] = ()) -> RunFolder:
        """Make the folder of a new run here, of a preset with these changes. Raises AetuiError."""
        where = (self.runs_dir, self.data_dir, self.device, self.threads)
        changes = (*self.changes, *changes)
        return create_run(preset, sentence, *where, changes=changes, shared=self.shared)
