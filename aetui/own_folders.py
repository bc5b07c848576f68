"""Where the user's own files stand: settings, what is downloaded, what went wrong."""

import os
import stat
from pathlib import Path
from typing import Literal

import platformdirs

from aetui.errors import UsageError


def own_folder(kind: Literal["config", "cache", "state", "log"]) -> Path:
    """The user's folder of that kind, as this system has it; it need not be there.

    Raises UsageError for a user without a home folder, as in containers that know no name for their number.
    """
    hint = "set HOME to a folder that is yours"
    try:
        folder = Path(getattr(platformdirs, f"user_{kind}_dir")("aetui"))
    except RuntimeError:
        raise UsageError("There is no home folder", hint) from None
    if not folder.is_absolute():  # an older platformdirs leaves `~` as it is
        raise UsageError("There is no home folder", hint)
    return folder


def compiled_code_folder() -> Path | None:
    """One for code that this user has compiled, made if need be; None where others could put theirs."""
    try:
        folder = own_folder("cache") / "compiled"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        facts = folder.stat()
    except (OSError, UsageError):
        return None
    alone = facts.st_uid == os.geteuid() and not facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return folder if alone else None
