"""Finding runs in the runs folder."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from aetui.errors import AetuiError, UsageError
from aetui.runs.folder import RunFolder, find_state


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


def list_runs(runs_dir: Path) -> list[RunSummary]:
    """All readable runs, newest first."""
    return [summary for folder in _folders(runs_dir) if (summary := _summary(folder))]


def find_run(runs_dir: Path, query: str | None) -> RunFolder:
    """The run meant by its name, a unique part of it, or its folder; None means the newest.

    Raises UsageError where none or several fit.
    """
    if query and (Path(query).expanduser() / "meta.json").is_file():
        return RunFolder(Path(query).expanduser().absolute())
    folders = _folders(runs_dir)
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


def _folders(runs_dir: Path) -> list[RunFolder]:
    try:
        found = [RunFolder(path) for path in runs_dir.iterdir() if (path / "meta.json").is_file()]
    except OSError:
        return []
    return sorted(found, key=_age)


def _age(folder: RunFolder) -> tuple[float, str]:
    return -folder.config.stat().st_mtime if folder.config.exists() else 0.0, folder.name


def _summary(folder: RunFolder) -> RunSummary | None:
    try:
        meta = folder.read_meta()
    except AetuiError:
        return None
    return RunSummary(
        folder.name,
        meta.preset,
        find_state(meta),
        meta.started,
        meta.epochs,
        meta.epochs_planned,
        meta.test_loss,
    )
