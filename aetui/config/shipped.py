"""Finding presets: the shipped ones by name, a user's own by file; and writing one out."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tomli_w

from aetui.config.preset import Preset
from aetui.config.problems import PresetError, Problem
from aetui.config.reading import read_preset
from aetui.files import expanded, open_file
from aetui.text import safe_text

DEFAULT_PRESET = "digits-mlp"


@dataclass(frozen=True)
class Listed:
    """A preset as the menu and `aetui presets` show it."""

    name: str
    path: Path
    description: str


def presets_dir() -> Path:
    """Where the shipped presets are: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent.parent
    return next(d for d in (package / "presets", package.parent / "presets") if d.is_dir())


def shipped_presets() -> list[Listed]:
    """All shipped presets: the default first, generated data before data to download."""
    listed = [Listed(p.stem, p, description(p)) for p in presets_dir().glob("*.toml")]
    return sorted(listed, key=lambda one: (_rank(one.name), one.name))


def _rank(name: str) -> int:
    order = (DEFAULT_PRESET, "digits", "shapes", "mnist", "fashion", "cifar10", "folder")
    return next((i for i, start in enumerate(order) if name.startswith(start)), len(order))


def description(path: Path, *, linked: bool = True) -> str:
    """The first comment line of a preset: one sentence on what it shows."""
    with open_file(path, linked=linked) as file:
        first = file.readline(1000).decode("utf-8-sig", errors="replace")
    return first.lstrip("# ").strip() if first.startswith("#") else ""


def find_preset(name_or_file: str) -> Path:
    """The file of a preset named as users name it: a shipped name, or a path. Raises PresetError."""
    path = expanded(name_or_file)
    if path.suffix == ".toml" or "/" in name_or_file:
        return path
    shipped = {one.name: one.path for one in shipped_presets()}
    if name_or_file in shipped:
        return shipped[name_or_file]
    near = difflib.get_close_matches(name_or_file, shipped, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(shipped)}; or name a .toml file"
    raise PresetError([Problem(name_or_file, "", f"no such preset ({hint})")])


def load_preset(name_or_file: str, changes: Sequence[str] = ()) -> tuple[Preset, str]:
    """The checked preset of that name or file with its changes, and its description."""
    path = find_preset(name_or_file)
    return read_preset(path, changes, for_new_run=True), description(path)


def preset_text(preset: Preset, sentence: str) -> str:
    """The preset as TOML that reads back to an equal one."""
    table = preset.model_dump(exclude_none=True, exclude=None if preset.steer else {"steer"})
    table["data"] = {key: value for key, value in table["data"].items() if value not in ("", [])}
    return f"# {safe_text(' '.join(sentence.split()))}\n{tomli_w.dumps(table)}"
