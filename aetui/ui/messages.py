"""What screens ask of the app."""

from collections.abc import Sequence
from pathlib import Path

from textual.message import Message

from aetui.config.preset import Preset
from aetui.runs.folder import RunFolder
from aetui.runs.listing import RunsFollower, RunSummary


class TrainRequested(Message):
    """Train the run in this folder from where it stands; `repair` mends its list of checkpoints first."""

    def __init__(self, folder: RunFolder, *, repair: bool = False) -> None:
        super().__init__()
        self.folder = folder
        self.repair = repair


class EditRequested(Message):
    """Change the settings of the preset in this file before it is started; `runs` are those of the menu."""

    def __init__(self, path: Path, sentence: str, preset: Preset, runs: Sequence[RunSummary]) -> None:
        super().__init__()
        self.path = path
        self.sentence = sentence
        self.preset = preset
        self.runs = runs


class HostChecked(Message):
    """Whether a data set could be downloaded now: the host that answers, or None."""

    def __init__(self, name: str, host: str | None) -> None:
        super().__init__()
        self.name = name
        self.host = host


class CompareRequested(Message):
    """Show these runs beside each other."""

    def __init__(self, folders: Sequence[RunFolder]) -> None:
        super().__init__()
        self.folders = folders


class RunsRequested(Message):
    """Show the table of all runs, those at once that `follower` has read already."""

    def __init__(self, follower: RunsFollower) -> None:
        super().__init__()
        self.follower = follower


class WatchRequested(Message):
    """Show the run in this folder."""

    def __init__(self, folder: RunFolder) -> None:
        super().__init__()
        self.folder = folder
