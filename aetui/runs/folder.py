"""A run's folder: where everything is, and the meta.json that tells what it is."""

import platform
import secrets
import shlex
import socket
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

from aetui import __version__
from aetui.config.preset import Preset
from aetui.config.shipped import preset_text
from aetui.errors import AetuiError, UsageError
from aetui.runs import states
from aetui.runs.files import write_whole
from aetui.text import safe_text

STARTING_SECONDS = 60.0
"""How long a run may be without a process while one is being started for it."""


class Meta(BaseModel):
    """meta.json: what ran, where and how, and how it stands."""

    model_config = ConfigDict(extra="ignore")

    run: str
    preset: str
    started: str
    """ISO 8601 with the offset from UTC."""
    command: list[str]
    aetui: str = __version__
    python: str = platform.python_version()
    versions: dict[str, str] = {}
    """Of the libraries that compute."""
    computed: dict[str, str | int | float | bool] = {}
    """How the steps were really computed: precision, parts of a batch, clipping, compiled or not."""
    seed: int
    device: str = "auto"
    """As asked for; the log tells which it was."""
    threads: int | None = None
    data_dir: str
    git_commit: str | None = None
    """Of the working folder the run was started in."""
    state: str = states.STARTING
    reason: str = ""
    epochs_planned: int
    epochs: int = 0
    test_loss: float | None = None
    """After the newest epoch; see `aetui.runs.events` for what it measures."""
    host: str = ""
    pid: int | None = None
    pid_started: float | None = None
    """When the process began, in seconds since 1970; tells it from a later one of the same number."""


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

    @property
    def called(self) -> str:
        """How a command line in this working folder names the run: by name below `runs`, else by path."""
        known = self.path.absolute().parent == Path("runs").absolute()
        return shlex.quote(self.name if known else str(self.path))

    def read_meta(self) -> Meta:
        """What meta.json says. Raises AetuiError where there is none or it is damaged."""
        try:
            return Meta.model_validate_json(self.meta_file.read_bytes())
        except (OSError, ValidationError) as error:
            reason = error.strerror if isinstance(error, OSError) else "damaged"
            raise AetuiError(f"{self.meta_file} cannot be read: {reason}") from None

    def write_meta(self, meta: Meta) -> None:
        write_whole(self.meta_file, meta.model_dump_json(indent=1).encode())

    def change_meta(self, **fields: Any) -> None:
        """Rewrite meta.json with some fields changed; only the process that owns the run does this."""
        self.write_meta(self.read_meta().model_copy(update=fields))

    def own(self) -> None:
        """Write this process into meta.json as the one that runs it, and the run as starting."""
        process = psutil.Process()
        where = {"host": socket.gethostname(), "pid": process.pid, "pid_started": process.create_time()}
        self.change_meta(state=states.STARTING, reason="", **where)


def create_run(
    preset: Preset,
    sentence: str,
    runs_dir: Path,
    data_dir: Path,
    device: str = "auto",
    threads: int | None = None,
) -> RunFolder:
    """Make the folder of a new run with its config.toml and meta.json; `sentence` describes the preset.

    Raises AetuiError where the runs folder cannot be written.
    """
    try:
        runs_dir.mkdir(parents=True, exist_ok=True)
        folder = RunFolder(_new_folder(runs_dir, preset.name))
        folder.previews.mkdir()
        folder.checkpoints.mkdir()
        write_whole(folder.config, preset_text(_settled(preset), sentence).encode())
        meta = Meta(
            run=folder.name,
            preset=preset.name,
            started=now(),
            command=[safe_text(word) for word in sys.argv],
            seed=preset.train.seed,
            device=device,
            threads=threads,
            data_dir=str(data_dir.absolute()),
            git_commit=_git_commit(),
            epochs_planned=preset.train.epochs,
            host=socket.gethostname(),
        )
        folder.write_meta(meta)
    except OSError as error:
        raise AetuiError(
            f"The run folder cannot be made in {runs_dir}: {error.strerror}",
            "choose another place with --runs DIR",
        ) from None
    return folder


def now() -> str:
    """The time as meta.json writes it."""
    return datetime.now().astimezone().isoformat("T", "milliseconds")


def find_state(meta: Meta) -> str:
    """The state of a run as it really is: what meta.json says, or `interrupted`."""
    if meta.state not in states.LIVE or _process_lives(meta):
        return meta.state
    return states.INTERRUPTED


def require_idle(folder: RunFolder) -> None:
    """Raises UsageError where a process trains the run."""
    state = find_state(folder.read_meta())
    if state in states.LIVE:
        steered = f"`aetui control {folder.called} stop` stops it"
        raise UsageError(
            f"{folder.name} is {state}", f"watch it with `aetui watch {folder.called}`; {steered}"
        )


def _process_lives(meta: Meta) -> bool:
    if meta.host != socket.gethostname():
        return True  # another machine's process cannot be asked
    if meta.pid is None:
        return time.time() - datetime.fromisoformat(meta.started).timestamp() < STARTING_SECONDS
    try:
        process = psutil.Process(meta.pid)
        alive = process.status() != psutil.STATUS_ZOMBIE
        return alive and abs(process.create_time() - (meta.pid_started or 0)) < 2
    except psutil.NoSuchProcess:
        return False


def _settled(preset: Preset) -> Preset:
    """The preset as it means the same from every working folder."""
    data, finetune = preset.data, preset.finetune
    if data.path:
        data = data.model_copy(update={"path": _settled_path(data.path)})
    if finetune and finetune.from_checkpoint:
        source = _settled_path(finetune.from_checkpoint)
        finetune = finetune.model_copy(update={"from_checkpoint": source})
    return preset.model_copy(update={"data": data, "finetune": finetune})


def _settled_path(path: str) -> str:
    return str(Path(path).expanduser().absolute())


def _new_folder(runs_dir: Path, preset_name: str) -> Path:
    """A new empty folder `20261122-071503-mnist-conv-k3f9`."""
    kept = [char if char.isascii() and (char.isalnum() or char in "-_") else "-" for char in preset_name]
    word = "".join(kept)[:40] or "run"
    while True:
        stamp = time.strftime("%Y%m%d-%H%M%S")
        tail = "".join(secrets.choice("23456789abcdefghjkmnpqrstuvwxyz") for _ in range(4))
        path = runs_dir / f"{stamp}-{word}-{tail}"
        try:
            path.mkdir()
        except FileExistsError:
            continue
        return path


def _git_commit() -> str | None:
    try:
        asked = subprocess.run(
            ["git", "rev-parse", "HEAD"], capture_output=True, text=True, timeout=2, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return asked.stdout.strip() or None if asked.returncode == 0 else None
