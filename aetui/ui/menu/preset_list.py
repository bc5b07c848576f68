"""The presets the menu offers: the shipped ones and the user's own files."""

import contextlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from aetui.config.checks import missing_files
from aetui.config.preset import OWN_IMAGES, Preset
from aetui.config.problems import PresetError
from aetui.config.reading import read_preset
from aetui.config.shipped import Listed, description, shipped_presets
from aetui.files import read_bounded

MOST_OWN = 100
"""Files looked at in the working folder."""
LARGEST_OWN = 100_000
"""Bytes of such a file; a larger one can be named on the command line."""
MOST_KEPT = 2 * MOST_OWN


@dataclass(frozen=True)
class Offered:
    """A preset of the menu: checked, or with the mistakes that keep it from running."""

    listed: Listed
    own: bool
    preset: Preset | None
    mistakes: str = ""

    @property
    def lacks_folder(self) -> bool:
        """Whether it trains on a folder of images that is not there."""
        data = self.preset.data if self.preset else None
        return data is not None and data.name in OWN_IMAGES and not is_folder(data.path)


def is_folder(path: str) -> bool:
    """Whether there is a folder at `path`; `~` is the home folder."""
    with contextlib.suppress(OSError, RuntimeError, ValueError):  # a name too long, or of nobody's home
        return Path(path).expanduser().is_dir()
    return False


def offered_presets(changes: tuple[str, ...] = ()) -> list[Offered]:
    """The shipped presets, then the .toml files of the working folder and its presets/ that hold a model."""
    own = [Listed(path.stem, path, description(path)) for path in _own_files()]
    return [_offer(one, False, changes) for one in shipped_presets()] + [
        _offer(one, True, changes) for one in own
    ]


def _offer(listed: Listed, own: bool, changes: tuple[str, ...]) -> Offered:
    try:
        looked_at = listed.path.stat()
    except OSError as error:
        return Offered(listed, own, None, f"{listed.path}: cannot be read: {error.strerror}")
    preset, mistakes = _read(listed.path, looked_at.st_mtime_ns, looked_at.st_size, changes)
    if preset and any(missing_files(preset)):
        try:
            preset = read_preset(listed.path, changes, for_new_run=True)
        except PresetError as error:
            preset, mistakes = None, str(error)
    return Offered(listed, own, preset, mistakes)


@lru_cache(MOST_KEPT)
def _read(path: Path, modified_ns: int, size: int, changes: tuple[str, ...]) -> tuple[Preset | None, str]:
    """A preset or its mistakes, read once as long as its file stays as it is; other files may be missing."""
    try:
        return read_preset(path, changes), ""
    except PresetError as error:
        return None, str(error)


def _own_files() -> list[Path]:
    shipped = {one.path.resolve() for one in shipped_presets()}
    found = [*_toml_files(Path()), *_toml_files(Path("presets"))][:MOST_OWN]
    return [path for path in found if _holds_model(path) and path.resolve() not in shipped]


def _toml_files(folder: Path) -> list[Path]:
    try:
        return sorted(folder.glob("*.toml"))
    except OSError:  # it may not be entered any more
        return []


def _holds_model(path: Path) -> bool:
    try:
        return b"[model]" in read_bounded(path, LARGEST_OWN, linked=True)
    except OSError:
        return False
