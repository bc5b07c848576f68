"""An event as a line of JSON, and back."""

import dataclasses
import json
import math
import re
from typing import Any, get_args

from pydantic import TypeAdapter

from aetui.devices.machine import MachineSampled
from aetui.runs.events import Event
from aetui.runs.fields import as_words

_LATEST_TIME = 2.0**37
"""In seconds since 1970: the year 6325. No calendar goes on for ever."""

_CHECKED: dict[str, TypeAdapter[Any]] = {kind.__name__: TypeAdapter(kind) for kind in get_args(Event)}


def to_json(event: Event, time: float) -> str:
    """One line. `time` is in seconds since 1970; a number that is not finite is null, its kind beside it."""
    fields = {name: as_words(value) for name, value in dataclasses.asdict(event).items()}
    if isinstance(event, MachineSampled):  # so often that nothing is said of a GPU that is not there
        fields = {k: v for k, v in fields.items() if not (k.startswith("gpu") and v in (None, ()))}
    kinds = {k: repr(v) for k, v in fields.items() if isinstance(v, float) and not math.isfinite(v)}
    fields.update(dict.fromkeys(kinds))
    record = {"event": type(event).__name__, "time": round(time, 3), **fields}
    if kinds:
        record["not_finite"] = kinds
    return json.dumps(record, allow_nan=False)


_HEAD = re.compile(rb'\{"event": "(\w+)", "time": ([\d.]+), ')
"""How `to_json` begins a line."""


def from_json(line: bytes) -> tuple[Event, float]:
    """The event and its time. Raises ValueError for anything `to_json` does not write."""
    head = _HEAD.match(line)
    if head and b'"not_finite"' not in line and (kind := _CHECKED.get(head[1].decode())):
        return kind.validate_json(line), _checked_time(float(head[2]))
    return _from_any_json(line)


def _from_any_json(line: bytes) -> tuple[Event, float]:
    """The same of a line that holds what is not finite or that another program wrote; slower."""
    try:
        fields = json.loads(line)
        kind, time = _CHECKED[fields.pop("event")], float(fields.pop("time"))
        fields.update({name: float(value) for name, value in fields.pop("not_finite", {}).items()})
        event: Event = kind.validate_python(fields)
    except (TypeError, KeyError, AttributeError, RecursionError, OverflowError) as error:
        raise ValueError(f"not an event: {error!r}") from None
    return event, _checked_time(time)


def _checked_time(time: float) -> float:
    if not 0 <= time < _LATEST_TIME:
        raise ValueError(f"no time: {time}")
    return time
