"""The checks of `aetui doctor`, each with its state and what to do."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from aetui.data.catalogue import SETS, Source
from aetui.data.finding import find
from aetui.errors import UNLOADABLE
from aetui.terminal.choice import Choice
from aetui.terminal.detection import Terminal
from aetui.text import format_bytes

_IMPORT_SECONDS = 120
_TRIAL_BYTES = 16_000_000
_SLOW_BYTES_PER_SECOND = 20e6
_FEW_BYTES = 1e9


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    name: str
    state: Literal["ok", "warning", "failure"]
    value: str
    advice: str = ""
    """What to do; empty where nothing is to be done."""


def terminal_checks(terminal: Terminal, choice: Choice) -> list[Check]:
    """The terminal: what it is, what it can show, and how that was decided."""
    reasons = terminal.reasons
    inside = terminal.inside or "nothing"
    return [
        _name_check(terminal),
        Check("inside", "ok", f"{inside} ({reasons['inside']})"),
        _size_check(terminal),
        _colours_check(terminal),
        _check(
            terminal.unicode, "Unicode", _yes(terminal, "unicode"), "set LANG to a UTF-8 locale like C.UTF-8"
        ),
        Check("synchronised output", "ok", _yes(terminal, "synchronised")),
        Check("sixel", "ok", _yes(terminal, "sixel")),
        Check("kitty graphics", "ok", _yes(terminal, "kitty")),
        Check("pictures by", "ok", choice.reason),
    ]


def _check(good: bool, name: str, value: str, advice: str) -> Check:
    return Check(name, "ok", value) if good else Check(name, "warning", value, advice)


def _yes(terminal: Terminal, field: str) -> str:
    found = {True: "yes", False: "no", None: "not known"}[getattr(terminal, field)]
    return f"{found} ({terminal.reasons[field]})"


def _name_check(terminal: Terminal) -> Check:
    term = os.environ.get("TERM", "")
    value = f"{terminal.name} ({terminal.reasons['name']})"
    if terminal.reasons["name"] != "TERM":
        value += f", TERM is {term or 'not set'}"
    known = terminal.answered or terminal.inside in ("screen", "mosh")
    advice = f"what it can show is not known: {terminal.reasons['synchronised']}"
    return _check(known, "terminal", value, advice)


def _size_check(terminal: Terminal) -> Check:
    if terminal.columns is None or terminal.rows is None:
        return Check("size", "warning", "not known", "run it in the terminal that the app is for")
    cell = terminal.cell_pixels
    pixels = f"{cell[0]}x{cell[1]} pixels" if cell else "of unknown size"
    value = f"{terminal.columns}x{terminal.rows} cells, {pixels} each ({terminal.reasons['cell_pixels']})"
    fits = terminal.columns >= 80 and terminal.rows >= 24
    return _check(fits, "size", value, "the app needs 80x24 cells: enlarge the window")


def _colours_check(terminal: Terminal) -> Check:
    value = f"{terminal.colours:,} ({terminal.reasons['colours']})"
    if os.environ.get("NO_COLOR"):
        return Check("colours", "ok", value, "unset NO_COLOR to have colours")
    advice = "if it shows 24-bit colour: set COLORTERM to truecolor; 256 colours: TERM to xterm-256color"
    return _check(terminal.colours >= 256, "colours", value, advice)


def torch_checks() -> list[Check]:
    """PyTorch and the devices it finds, imported in a process of its own: a broken one ends only that."""
    command = [sys.executable, "-P", "-m", "aetui", "devices", "--json"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_IMPORT_SECONDS, check=True)
        devices: list[dict[str, Any]] = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return [_no_torch(f"not imported within {_IMPORT_SECONDS} s")]
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip().splitlines() or [f"the process ended with {error.returncode}"]
        ours = [
            line.removeprefix("aetui: ").removeprefix(UNLOADABLE)
            for line in said
            if line.startswith("aetui: ")
        ]
        return [_no_torch(ours[0] if ours else said[-1])]
    except (OSError, ValueError) as error:
        return [_no_torch(str(error))]
    return [
        Check("PyTorch", "ok", metadata.version("torch")),
        _cuda_check(devices),
        *map(_device_check, devices),
    ]


def _no_torch(why: str) -> Check:
    return Check("PyTorch", "failure", f"cannot be imported: {why}", "install it again: pip install -U torch")


def _cuda_check(devices: list[dict[str, Any]]) -> Check:
    gpus = [device for device in devices if device["name"].startswith("cuda")]
    if any(not gpu["problem"] for gpu in gpus):
        return Check("CUDA", "ok", "yes")
    return Check("CUDA", "ok", "no GPU that can train" if gpus else "no NVIDIA GPU here")


def _device_check(device: dict[str, Any]) -> Check:
    name, title = f"device {device['name']}", str(device["title"])
    if device["problem"]:
        return Check(name, "warning", f"{title}: {device['problem']}", device["advice"])
    bf16 = "bf16" if device["bf16"] else "no bf16"
    return Check(name, "ok", f"{title}, {format_bytes(device['memory_bytes'])}, {bf16}")


def data_checks(data_dir: Path) -> list[Check]:
    """Which data sets are here; nothing is asked over the network."""
    return [_data_check(source, data_dir) for source in SETS.values()]


def _data_check(source: Source, data_dir: Path) -> Check:
    name = f"data {source.name}"
    if not source.archives:
        return Check(name, "ok", "generated when needed")
    if found := find(source, data_dir):
        return Check(name, "ok", f"here: {found.sentence}")
    value = f"not here, {format_bytes(source.download_bytes)} to download"
    return Check(name, "ok", value, f"fetch it: aetui data get {source.name}")


def disk_check(runs_dir: Path) -> Check:
    """Room and write speed of the runs folder, or of the nearest folder above that is there."""
    folder = runs_dir.absolute()
    try:
        folder = next(path for path in (folder, *folder.parents) if path.is_dir())
        speed = _write_speed(folder)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        value = f"{folder} cannot be written: {error.strerror}"
        return Check("runs folder", "warning", value, "choose another with --runs")
    value = f"{format_bytes(speed)}/s, {format_bytes(free)} free in {folder}"
    if free < _FEW_BYTES:
        return Check("runs folder", "warning", value, "make room, or choose another disk with --runs")
    advice = "checkpoints will take long: choose a faster disk with --runs"
    return _check(speed >= _SLOW_BYTES_PER_SECOND, "runs folder", value, advice)


def _write_speed(folder: Path) -> float:
    """Bytes a second that reach the disk; what is written cannot be compressed."""
    data = os.urandom(_TRIAL_BYTES)
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        began = time.perf_counter()
        file.write(data)
        os.fsync(file.fileno())
        return len(data) / (time.perf_counter() - began)
