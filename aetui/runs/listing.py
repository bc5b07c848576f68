"""Finding runs in the runs folder."""

import heapq
import math
import os
import pwd
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from aetui.errors import AetuiError, UsageError
from aetui.runs import states
from aetui.runs.fields import SHORT
from aetui.runs.folder import Meta, RunFolder, moment
from aetui.runs.labels import LABELS_FILE, UNLABELLED, Labels, read_labels
from aetui.runs.liveness import find_state
from aetui.text import plural


def in_short(changes: Sequence[str]) -> str:
    """What was changed of a preset, without sections, the last first: what varies in a sweep comes last."""
    names = (change.partition("=") for change in reversed(changes))
    words = " ".join(f"{key.rpartition('.')[2]}={value}" for key, _, value in names)
    return words if len(words) <= SHORT else f"{words[: SHORT - 1]}…"


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
    changes: tuple[str, ...] = ()
    """What was changed of the preset, as `section.key=value`."""
    best_loss: float | None = None
    """None also where an older version trained it."""
    trained_seconds: float | None = None
    labels: Labels = UNLABELLED
    """What a person says of it."""

    @property
    def title(self) -> str:
        """What it is called: by a person, or as its preset."""
        return self.labels.name or self.preset

    def as_dict(self) -> dict[str, Any]:
        """As JSON knows it: without numbers that are not finite."""
        told = asdict(self) | {"labels": self.labels.model_dump()}
        losses = {name: told[name] for name in ("test_loss", "best_loss")}
        return told | {n: x if x is not None and math.isfinite(x) else None for n, x in losses.items()}


@dataclass(frozen=True)
class _Known:
    """A folder as it was read."""

    stamp: tuple[int, ...]
    """Of its meta.json and labels, which are read again when they change."""
    folder: RunFolder
    meta: Meta | None
    order: tuple[float, str]
    """The moment it was started, in seconds since 1970, and its name."""
    told: RunSummary | None = None
    """As its files have it; whether one that says that it is at work still is, is looked at each time."""
    note: str = ""
    """Why a folder of a run cannot be read."""
    closed: bool = False
    """Whether it may not be entered."""


class RunsFollower:
    """The runs of a folder at every look; a meta.json is read again only where it changed."""

    def __init__(self, runs_dir: Path) -> None:
        self._runs_dir = runs_dir
        self._known: dict[str, _Known] = {}
        self._told: set[str] = set()
        """The names of those runs that the last look told of."""
        self._unreadable = ""
        """Why the runs folder itself cannot be read."""
        self._waiting: list[str] = []
        """Names still to look at, the latest at the end."""

    @property
    def behind(self) -> bool:
        """Whether there is more than the last look had time for."""
        return bool(self._waiting)

    @property
    def notes(self) -> list[str]:
        """Why folders are not listed: a sentence on each run, and one on all that may not be entered."""
        notes = [self._unreadable] if self._unreadable else []
        notes += [self._known[name].note for name in sorted(self._known) if self._known[name].note]
        if closed := sum(known.closed for known in self._known.values()):
            notes.append(f"{plural(closed, 'folder')} in {self._runs_dir} may not be entered by this user")
        return notes

    def poll(self, most: int | None = None, seconds: float = math.inf) -> list[RunSummary]:
        """The newest readable runs, `most` of them; takes about so long, for the latest names first."""
        self.look(seconds)
        return self.newest(most)

    def look(self, seconds: float = math.inf) -> None:
        """See what is new, for about so long, the latest names first."""
        end = time.monotonic() + seconds
        if not self._waiting:
            self._unreadable = ""
            self._waiting = self._to_look_at()
        while self._waiting:
            self._look_at(self._waiting.pop())
            if time.monotonic() > end:
                break

    def newest(self, most: int | None = None) -> list[RunSummary]:
        """The newest of the readable runs that were looked at."""
        readable = [known for known in self._known.values() if known.meta]
        newest = heapq.nlargest(most or len(readable), readable, key=lambda known: known.order)
        self._told = {known.folder.name for known in newest}
        return [
            _as_it_is(known.folder, known.meta, known.told) for known in newest if known.meta and known.told
        ]

    def _to_look_at(self) -> list[str]:
        """What is new, was told of, or could not be read: an older run that changes is not told of either."""
        try:
            names = set(os.listdir(self._runs_dir))  # noqa: PTH208, tens of thousands
        except FileNotFoundError:
            names = set()
        except OSError as error:
            self._unreadable, names = f"{self._runs_dir} cannot be read: {error.strerror}", set()
        self._known = {name: known for name, known in self._known.items() if name in names}
        return sorted(n for n in names if n not in self._known or n in self._told or not self._known[n].meta)

    def _look_at(self, name: str) -> None:
        labels = _stamp(f"{self._runs_dir}/{name}/{LABELS_FILE}")
        stamp = (*_stamp(f"{self._runs_dir}/{name}/meta.json"), *labels)
        known = self._known.get(name)
        if known is None or known.stamp != stamp or not known.meta:
            self._known[name] = _read(RunFolder(self._runs_dir / name), stamp, labelled=bool(labels))


def _stamp(meta_file: str) -> tuple[int, ...]:
    try:
        facts = os.stat(meta_file)  # noqa: PTH116, as above
    except (OSError, ValueError):
        return ()
    return facts.st_mtime_ns, facts.st_size, facts.st_ino, facts.st_ctime_ns


def _read(folder: RunFolder, stamp: tuple[int, ...], *, labelled: bool) -> _Known:
    try:
        meta = folder.read_meta()
    except AetuiError as error:
        closed, is_run = False, False
        try:
            is_run = folder.config.is_file()
        except OSError:
            closed = True
        note = error.sentence if is_run else ""
        return _Known(stamp, folder, None, (0.0, ""), note=note, closed=closed)
    told = _summary(folder, meta, read_labels(folder) if labelled else UNLABELLED)
    kept = meta.model_copy(update={"command": [], "changes": [], "versions": {}, "computed": {}})
    return _Known(stamp, folder, kept, (moment(meta.started), folder.name), told)


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


def list_runs(runs_dir: Path) -> list[RunSummary]:
    """All readable runs, newest first."""
    return RunsFollower(runs_dir).poll()


def look_through(runs_dir: Path) -> tuple[list[RunSummary], list[str]]:
    """All readable runs, newest first, and why others are not listed."""
    follower = RunsFollower(runs_dir)
    return follower.poll(), follower.notes


def find_run(runs_dir: Path, query: str | None) -> RunFolder:
    """The run meant by its name, a unique part of it, or its folder; None means the newest.

    Raises UsageError where none or several fit, AetuiError where the folder is damaged or leads elsewhere.
    """
    refused = None
    for named in (Path(query), runs_dir / query) if query else ():
        try:
            if folder := _run_in(named):
                return folder
        except PermissionError:
            refused = AetuiError(f"{named} cannot be read: Permission denied")
    runs, notes = look_through(runs_dir)
    folders = [RunFolder(runs_dir / run.run) for run in runs]
    if refused and not any(query and query in folder.name for folder in folders):
        raise refused
    if not folders:
        readable = " that can be read" if notes else ""
        hint = notes[0] if notes else "start one with `aetui` or `aetui train NAME`"
        raise UsageError(f"There are no runs{readable} in {runs_dir}", hint)
    if not query:
        return next((folder for folder in folders if not folder.path.is_symlink()), folders[0])
    exact = [folder for folder in folders if folder.name == query]
    found = exact or [folder for folder in folders if query in folder.name]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(f"No run in {runs_dir} is called {query}", "`aetui runs` lists them")
    names = ", ".join(folder.name for folder in found[:5])
    raise UsageError(f"{len(found)} runs are called {query}: {names}", "give more of the name")


def find_runs(runs_dir: Path, queries: Sequence[str], last: int = 0) -> list[RunFolder]:
    """The runs meant, as `find_run` finds them, and the `last` newest, oldest first; each once."""
    newest = RunsFollower(runs_dir).poll(last)[::-1] if last else []
    found = [find_run(runs_dir, query) for query in queries]
    found += [RunFolder(runs_dir / run.run) for run in newest]
    return list({folder.path.absolute(): folder for folder in found}.values())


def _run_in(path: Path) -> RunFolder | None:
    """The run in that folder, if it is one. Raises PermissionError where nobody may look."""
    try:
        folder = RunFolder(path.expanduser().absolute())
        if folder.meta_file.is_file() or (folder.config.is_file() and folder.checkpoints.is_dir()):
            folder.read_meta()
            return folder
    except PermissionError:
        raise
    except (OSError, RuntimeError, ValueError):  # a name too long, or of nobody's home
        return None
    return None


def _as_it_is(folder: RunFolder, meta: Meta, told: RunSummary) -> RunSummary:
    """The summary with the state that the run is really in."""
    if meta.state not in states.LIVE:
        return told
    return replace(told, state=find_state(folder, meta))


def _summary(folder: RunFolder, meta: Meta, labels: Labels) -> RunSummary:
    return RunSummary(
        folder.name,
        meta.preset,
        meta.state,
        meta.started,
        meta.epochs,
        meta.epochs_planned,
        meta.test_loss,
        tuple(meta.changes),
        meta.best_loss,
        meta.trained_seconds,
        labels,
    )
