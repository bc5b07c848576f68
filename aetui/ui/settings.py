"""What the command line tells the app."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Where things are and how runs are started."""

    runs_dir: Path
    data_dir: Path
    device: str = "auto"
    threads: int | None = None
    changes: tuple[str, ...] = ()
    """`section.key=value` changes for every preset started from the menu."""
