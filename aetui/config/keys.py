"""The user's own keys: keys.toml in their settings folder, a line an action: `"run.pause" = "p"`."""

import difflib
from collections.abc import Collection
from pathlib import Path

from aetui.config.user_settings import read_table
from aetui.errors import UsageError
from aetui.own_folders import own_folder


def keys_file() -> Path:
    """Where the user's keys stand, if there are any."""
    return own_folder("config") / "keys.toml"


def read_keys(path: Path, known: Collection[str]) -> dict[str, str]:
    """Keys by action, several with commas between them; empty where there is no such file.

    Raises UsageError for a file that is no table of known actions and keys.
    """
    table = read_table(path)
    for action, keys in table.items():
        if action not in known:
            near = difflib.get_close_matches(action, known, n=1) or sorted(known)
            raise UsageError(f"{path}: there is no action {action!r}", f"there is {', '.join(near)}")
        if not isinstance(keys, str) or not keys.strip():
            raise UsageError(f'{path}: the keys of {action} are to be text, such as "p" or "p,ctrl+p"')
    return table
