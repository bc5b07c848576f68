"""What a user has settled for all runs: settings.toml in their settings folder, beside keys.toml."""

import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from aetui.config.section import Section
from aetui.errors import UsageError
from aetui.files import read_bounded
from aetui.own_folders import own_folder
from aetui.text import safe_text

LARGEST_BYTES = 100_000
"""Of such a file; a longer one is something else."""


class NotifySection(Section):
    """Who is told when a run ends by itself."""

    command: list[Annotated[str, Field(max_length=1000)]] = Field(default=[], max_length=100)
    """A program and its arguments, run without a shell. In them stand {run}, {preset}, {state}, {loss} and
    {reason} for what they say; `["notify-send", "{preset} {state}", "{loss} {reason}"]` is one."""
    below: float | None = Field(default=None, gt=0)
    """It is run too when the test loss falls below this for the first time."""


class UserSettings(Section):
    """The whole file."""

    notify: NotifySection = NotifySection()


def settings_file() -> Path:
    """Where the user's settings stand, if there are any."""
    return own_folder("config") / "settings.toml"


def read_table(path: Path) -> dict[str, Any]:
    """What a TOML file of the settings folder says; nothing where there is none. Raises UsageError."""
    try:
        return tomllib.loads(read_bounded(path, LARGEST_BYTES, linked=True).decode("utf-8-sig"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None


def read_settings(path: Path) -> UserSettings:
    """What is settled; the defaults where there is no such file. Raises UsageError for one with mistakes."""
    try:
        return UserSettings.model_validate(read_table(path))
    except ValidationError as error:
        first = error.errors()[0]
        key, message = ".".join(map(str, first["loc"])), safe_text(first["msg"])
        raise UsageError(f"{path}: {key}: {message}") from None
