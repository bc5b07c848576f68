"""A run's folder: where everything is, and the meta.json that tells what it is."""

import contextlib
import math
import os
import platform
import socket
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import psutil
from pydantic import BaseModel, BeforeValidator, ConfigDict, FailFast, Field, ValidationError

from aetui import __version__
from aetui.config.preset import Preset
from aetui.config.reading import read_preset
from aetui.errors import AetuiError
from aetui.files import make_folder, open_to_append, read_bounded, sweep_half_written, write_whole
from aetui.runs import states
from aetui.runs.fields import MOST_THREADS, Count, ShortWords, Words, first_mistake
from aetui.runs.reserve import Reserve
from aetui.text import for_shell

MOST_CHANGES = 100
"""Of a preset, that are noted."""
MOST_KEPT = 300
"""Words of the command, and facts of a kind."""
PREVIEW_NAME = r"(epoch|step)_\d{1,15}(_[a-z]{1,9})?\.png"
LARGEST_META = 1_000_000
"""Bytes of meta.json; a longer one is something else."""


def _some(value: Any) -> Any:
    """As much of a list or a table as somebody could mean; others unchanged."""
    if isinstance(value, dict):
        return dict(islice(value.items(), MOST_KEPT))
    return value[:MOST_KEPT] if isinstance(value, list) else value


class Meta(BaseModel):
    """meta.json: what ran, where and how, and how it stands."""

    model_config = ConfigDict(extra="ignore")

    run: Words
    preset: Words
    started: Words
    """ISO 8601 with the offset from UTC."""
    command: Annotated[list[Words], FailFast(), BeforeValidator(_some)]
    aetui: str = __version__
    python: str = platform.python_version()
    versions: Annotated[dict[ShortWords, ShortWords], BeforeValidator(_some)] = {}
    """Of the libraries that compute."""
    computed: Annotated[dict[ShortWords, ShortWords | int | float | bool], BeforeValidator(_some)] = {}
    """How the steps were really computed: precision, parts of a batch, clipping, compiled or not."""
    seed: Count
    changes: Annotated[list[ShortWords], FailFast(), Field(max_length=MOST_CHANGES)] = []
    """What was changed of the preset before the run began, as `section.key=value`."""
    device: Words = "auto"
    """As asked for; the log tells which it was."""
    threads: Annotated[int, Field(ge=1, le=MOST_THREADS)] | None = None
    data_dir: Words
    git_commit: ShortWords | None = None
    """Of the working folder the run was started in."""
    state: Words = states.STARTING
    reason: Words = ""
    epochs_planned: Count
    epochs: Count = 0
    best_loss: float | None = None
    """The test loss of the best epoch so far; older versions did not write it."""
    trained_seconds: float | None = None
    """So far."""
    test_loss: float | None = None
    """After the newest epoch; see `aetui.runs.events` for what it measures."""
    host: Words = ""
    boot: Words = ""
    """Which start of which machine: several may have one name. Older versions did not write it."""
    pid: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    pid_began: float | None = None
    """When the process began, as `began` tells it; tells it from a later one of the same number."""
    pid_started: float | None = None
    """The same in seconds since 1970, as earlier versions wrote it."""
    shared: bool = False
    """Whether others may steer the run, where the modes of its files let them."""
    imported: bool = False
    """Whether the run begins with weights from elsewhere, its first checkpoint, and so not without one."""
    launch: Words = ""
    """Which start by torchrun trained the run last, to be found again when it starts the ranks anew."""
    launched: Words = ""
    """When it did, as `started`."""
    branched_from: Words = ""
    """The run that this one goes on from, with other settings; empty for most."""
    branched_step: Count | None = None
    """The steps that both have in common."""


class DamagedMeta(AetuiError):
    """A run's meta.json is damaged or missing; the run itself may be whole."""


class RunFolder:
    """The files of one run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name
        self.config = path / "config.toml"
        self.meta_file = path / "meta.json"
        self.events = path / "events.jsonl"
        self.control = path / "control.jsonl"
        self.previews = path / "previews"
        self.checkpoints = path / "checkpoints"
        self.log = path / "log.txt"
        self.lock = path / "lock"
        self.launching = path / "launching"
        """Locked by who starts and watches several processes that train the run."""
        self.reserve = Reserve(path / "reserve")
        self._written: Meta | None = None
        """What this object last wrote into meta.json."""

    @property
    def called(self) -> str:
        """How a command line in this working folder names the run: by name below `runs`, else by path."""
        place = self.path.absolute()
        word = self.name if place.parent == Path("runs").absolute() else self.path
        return for_shell(place if str(word).startswith("-") else word)  # a word with - in front is an option

    def read_preset(self, changes: Sequence[str] = ()) -> Preset:
        """What config.toml says, after these changes. Raises PresetError, also for a link."""
        return read_preset(self.config, changes, linked=False)

    def read_meta(self) -> Meta:
        """What meta.json says; ask it before anything else of a folder that may be foreign.

        Raises DamagedMeta where there is none or it is damaged, AetuiError where what the folder holds is
        elsewhere.
        """
        try:
            meta = Meta.model_validate_json(read_bounded(self.meta_file, LARGEST_META))
        except (OSError, ValidationError) as error:
            reason = error.strerror if isinstance(error, OSError) else f"damaged: {_first_mistake(error)}"
            hint = f"`aetui resume {self.called} --repair` makes it anew"
            if not os.path.isdir(self.path):  # noqa: PTH112 - False for a name that is too long
                hint = "somebody has deleted or moved the run"
            if isinstance(error, PermissionError):
                hint = "its owner can let you read it: `chmod u+r`, or g+r"
            raise DamagedMeta(f"{self.meta_file} cannot be read: {reason}", hint) from None
        self.check_no_links()
        return meta

    def check_no_links(self) -> None:
        """Raises AetuiError where what the folder holds is elsewhere."""
        for inside in (self.config, self.previews, self.checkpoints):
            if inside.is_symlink():
                raise AetuiError(f"{inside} is a link", "copy what it leads to into the run's folder")

    def write_meta(self, meta: Meta) -> None:
        write_whole(self.meta_file, meta.model_dump_json(indent=1).encode())
        self._written = meta

    def change_meta(self, **fields: Any) -> None:
        """Rewrite meta.json with some fields changed; only the process that owns the run does this.

        One that somebody deleted or damaged meanwhile is made anew.
        """
        self.write_meta(Meta.model_validate(self._known_meta().model_dump() | fields))

    def _known_meta(self) -> Meta:
        """What meta.json says, or said when this object wrote it; raises as `read_meta` does."""
        try:
            return self.read_meta()
        except DamagedMeta:
            if self._written is None:
                raise
            return self._written

    def own(self) -> None:
        """Write this process into meta.json as the one that runs it, and the run as starting.

        From here on nobody else writes commands, unless the run is shared, and what a kill has left half
        written is gone.
        """
        self.check_no_links()
        self.make_missing()
        names = r"config\.toml|reserve|(events|control)\.jsonl|log\.txt|(meta|profile)\.json|profile\.txt"
        sweep_half_written(self.path, names)
        sweep_half_written(self.previews, PREVIEW_NAME)
        process = psutil.Process()
        where: dict[str, Any] = {"host": socket.gethostname(), "boot": boot()}
        where |= {"pid": process.pid, "pid_began": began(process)}
        meta = self.read_meta()
        if meta.state == states.WAITING:
            where["started"] = now()
        with open_to_append(self.control) as control:
            if not meta.shared:
                with contextlib.suppress(PermissionError):  # some file systems have no modes
                    os.fchmod(control.fileno(), 0o600)
        self.change_meta(state=states.STARTING, reason="", **where)

    def make_missing(self) -> None:
        """Make the folders that a run needs and somebody took away. Raises OSError and AetuiError."""
        for folder in (self.previews, self.checkpoints):
            if not folder.is_dir():
                make_folder(folder, shared=self._known_meta().shared)


def now() -> str:
    """The time as meta.json writes it."""
    return datetime.now().astimezone().isoformat("T", "milliseconds")


def moment(written: str) -> float:
    """A time of `now` in seconds since 1970, whatever the time zone; what is no time was long ago."""
    try:
        return datetime.fromisoformat(written).timestamp()
    except (ValueError, OverflowError, OSError):
        return -math.inf


def began(process: psutil.Process) -> float:
    """When a process began, in seconds: on Linux since boot, which no clock moves."""
    boot = psutil.boot_time() if psutil.LINUX else 0.0
    return process.create_time() - boot


def boot() -> str:
    """The name of this start of this machine, on Linux; no other has the same."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _first_mistake(error: ValidationError) -> str:
    first = first_mistake(error)
    if first is None:
        return f"{error.error_count():,} mistakes"
    return f"{'.'.join(map(str, first['loc'])) or 'meta.json'}: {first['msg']}"
