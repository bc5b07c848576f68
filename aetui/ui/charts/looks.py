"""How a person looks at a preset's charts, kept from one time to the next."""

import contextlib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from aetui.errors import UsageError
from aetui.files import read_bounded, write_whole
from aetui.own_folders import own_folder
from aetui.ui.charts.losses import XAxis

MOST_PRESETS = 200
LARGEST_BYTES = 1_000_000
MOST = 1e300
"""Of a range's ends, whose distance has to be a number too."""
End = Annotated[float, Field(ge=-MOST, le=MOST, allow_inf_nan=False)]


class Look(BaseModel):
    """The options of a chart that outlive it."""

    log_scale: bool = False
    smoothing: float = Field(default=0.0, ge=0, lt=1)
    x_axis: XAxis = "epoch"
    y_range: tuple[End, End] | None = None


_LOOKS: TypeAdapter[dict[str, Look]] = TypeAdapter(dict[str, Look])


def looks_file() -> Path:
    """Where they stand."""
    return own_folder("state") / "charts.json"


def look_at(preset: str) -> Look:
    """How charts of this preset were looked at last; as ever where nobody knows."""
    return _read().get(preset, Look())


def keep_look(preset: str, look: Look) -> None:
    """Remember it, for the presets looked at last. A file that cannot be written is nobody's worry."""
    looks = {name: one for name, one in _read().items() if name != preset} | {preset: look}
    with contextlib.suppress(OSError, UsageError):
        path = looks_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, _LOOKS.dump_json(dict([*looks.items()][-MOST_PRESETS:]), indent=1))


def _read() -> dict[str, Look]:
    try:
        return _LOOKS.validate_json(read_bounded(looks_file(), LARGEST_BYTES))
    except (OSError, UsageError, ValidationError):
        return {}
