"""A new run: its folder, with the config.toml and meta.json that it begins with."""

import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aetui.config.preset import Preset
from aetui.config.shipped import preset_text
from aetui.errors import AetuiError
from aetui.files import expanded, make_folder, write_whole
from aetui.runs import states
from aetui.runs.folder import MOST_CHANGES, Meta, RunFolder, now
from aetui.text import plain_word, safe_text


@dataclass(frozen=True)
class Place:
    """Where runs are made, and what they are told besides their presets."""

    runs_dir: Path
    data_dir: Path
    device: str = "auto"
    threads: int | None = None
    shared: bool = False
    """Whether the runs made here are for others too."""


def create_run(
    preset: Preset,
    sentence: str,
    runs_dir: Path,
    data_dir: Path,
    device: str = "auto",
    threads: int | None = None,
    *,
    changes: Sequence[str] = (),
    shared: bool = False,
    imported: bool = False,
    state: str = states.STARTING,
) -> RunFolder:
    """Make the folder of a new run with its config.toml and meta.json; `sentence` describes the preset.

    `changes` are those that made the preset what it is, as `section.key=value`. The run is its owner's alone
    unless `shared`, which leaves its modes to the umask; `imported`: it waits for its first checkpoint.
    Raises AetuiError where nothing can be written, or a path of the preset not be noted.
    """
    config = _encoded(preset_text(_settled(preset), sentence))
    try:
        runs_dir.mkdir(parents=True, exist_ok=True)
        folder = RunFolder(_new_folder(runs_dir, preset.name, shared=shared))
        meta = Meta(
            run=folder.name,
            preset=preset.name,
            seed=preset.train.seed,
            changes=list(changes)[:MOST_CHANGES],
            device=device,
            threads=threads,
            data_dir=str(data_dir.absolute()),
            epochs_planned=preset.train.epochs,
            shared=shared,
            imported=imported,
            state=state,
            **_here_and_now(),
        )
        _fill(folder, config, meta)
    except OSError as error:
        raise AetuiError(
            f"The run folder cannot be made in {runs_dir}: {error.strerror}",
            "choose another place with --runs DIR",
        ) from None
    return folder


def _here_and_now() -> dict[str, Any]:
    """Where, when and by which command a run was made."""
    command = [safe_text(word) for word in sys.argv]
    return {
        "started": now(),
        "command": command,
        "git_commit": _git_commit(),
        "host": socket.gethostname(),
    }


def _fill(folder: RunFolder, config: bytes, meta: Meta) -> None:
    """Write what a new run begins with; a folder that takes no part of it goes. Raises OSError."""
    try:
        make_folder(folder.previews, shared=meta.shared)
        make_folder(folder.checkpoints, shared=meta.shared)
        folder.write_meta(meta)  # first: it alone tells that an import waits for its weights
        write_whole(folder.config, config)
    except OSError:
        shutil.rmtree(folder.path, ignore_errors=True)
        raise


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        path = safe_text(error.object[max(0, error.start - 40) : error.end + 40])
        raise AetuiError(f"A path is not UTF-8, as a run must note it: … {path} …", "rename it") from None


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
    return str(expanded(path).absolute())


def _new_folder(runs_dir: Path, preset_name: str, *, shared: bool) -> Path:
    """A new empty folder `20261122-071503-mnist-conv-k3f9`."""
    word = plain_word(preset_name) or "run"
    while True:
        stamp = time.strftime("%Y%m%d-%H%M%S")
        tail = "".join(secrets.choice("23456789abcdefghjkmnpqrstuvwxyz") for _ in range(4))
        path = runs_dir / f"{stamp}-{word}-{tail}"
        try:
            make_folder(path, shared=shared)
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
