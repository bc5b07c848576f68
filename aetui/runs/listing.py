"""Finding runs in the runs folder."""

import contextlib
import os
import pwd
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from aetui.errors import AetuiError, UsageError
from aetui.runs.folder import Meta, RunFolder, moment
from aetui.runs.liveness import find_state


@dataclass(frozen=True)
class RunSummary:
    """A run as `aetui runs` lists it."""

    run: str
    preset: str
    state: str
    started: str
    epochs: int
    epochs_planned: int
    test_loss: float | None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def owner_note(runs_dir: Path) -> str:
    """A sentence where the folder of runs belongs to another user; empty where it does not."""
    try:
        owner = runs_dir.stat().st_uid
        if owner == os.geteuid():
            return ""
        name = pwd.getpwuid(owner).pw_name
    except FileNotFoundError:
        return ""
    except (OSError, KeyError):
        name = "another user"
    return f"{runs_dir} belongs to {name}, who can change the runs in it"


def damaged_notes(runs_dir: Path) -> list[str]:
    """Why folders of runs are not listed, one sentence each."""
    return _read_all(runs_dir)[1]


def list_runs(runs_dir: Path) -> list[RunSummary]:
    """All readable runs, newest first."""
    return look_through(runs_dir)[0]


def look_through(runs_dir: Path) -> tuple[list[RunSummary], list[str]]:
    """All readable runs, newest first, and why others are not listed: every folder is read once."""
    readable, notes = _read_all(runs_dir)
    return [_summary(folder, meta) for folder, meta in readable], notes


def find_run(runs_dir: Path, query: str | None) -> RunFolder:
    """The run meant by its name, a unique part of it, or its folder; None means the newest.

    Raises UsageError where none or several fit, AetuiError where the folder is damaged or leads elsewhere.
    """
    for named in (Path(query), runs_dir / query) if query else ():
        if folder := _run_in(named):
            return folder
    folders = [folder for folder, _ in _read_all(runs_dir)[0]]
    if not folders:
        raise UsageError(f"There are no runs in {runs_dir}", "start one with `aetui` or `aetui train NAME`")
    if not query:
        return folders[0]
    exact = [folder for folder in folders if folder.name == query]
    found = exact or [folder for folder in folders if query in folder.name]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(f"No run in {runs_dir} is called {query}", "`aetui runs` lists them")
    names = ", ".join(folder.name for folder in found[:5])
    raise UsageError(f"{len(found)} runs are called {query}: {names}", "give more of the name")


def _run_in(path: Path) -> RunFolder | None:
    """The run in that folder, if it is one."""
    with contextlib.suppress(OSError, RuntimeError, ValueError):  # a name too long, or of nobody's home
        folder = RunFolder(path.expanduser().absolute())
        if folder.meta_file.is_file() or (folder.config.is_file() and folder.checkpoints.is_dir()):
            folder.read_meta()
            return folder
    return None


def _read_all(runs_dir: Path) -> tuple[list[tuple[RunFolder, Meta]], list[str]]:
    """The readable runs, newest first, and a sentence on each folder of a run that cannot be read."""
    found, notes = [], []
    with contextlib.suppress(OSError):
        for folder in map(RunFolder, sorted(runs_dir.iterdir())):
            try:
                found.append((folder, folder.read_meta()))
            except AetuiError as error:
                if folder.config.is_file():
                    notes.append(error.sentence)
    return sorted(found, key=lambda run: (moment(run[1].started), run[0].name), reverse=True), notes


def _summary(folder: RunFolder, meta: Meta) -> RunSummary:
    return RunSummary(
        folder.name,
        meta.preset,
        find_state(folder, meta),
        meta.started,
        meta.epochs,
        meta.epochs_planned,
        meta.test_loss,
    )
