"""A grid of presets: one for every combination of the values that some keys are to have."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aetui.config.preset import Preset
from aetui.config.problems import PresetError, Problem
from aetui.config.reading import read_preset

MOST_MEMBERS = 10_000


@dataclass(frozen=True)
class Vary:
    """A key, and the values that it is to have in turn, as `--set` takes them."""

    key: str
    values: tuple[str, ...]


def parse_vary(text: str) -> Vary:
    """`train.learning_rate=1e-3,3e-4`. Raises PresetError for what says no values."""
    key, _, values = text.partition("=")
    found = split_values(values)
    if not key.strip() or not all(found):
        hint = "write a key and values: train.learning_rate=1e-3,3e-4"
        raise PresetError([Problem(f"--vary {text}", "", "expected section.key=value,value")], hint)
    return Vary(key.strip(), tuple(dict.fromkeys(found)))


def split_values(text: str) -> list[str]:
    """The values between commas; those within brackets or quotes part nothing."""
    values, depth, quote = [""], 0, ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        else:
            depth += (character in "[{") - (character in "]}")
        if character == "," and not quote and depth <= 0:
            values.append("")
        else:
            values[-1] += character
    return [value.strip() for value in values]


def count_members(varied: Sequence[Vary]) -> int:
    """How many presets the grid has."""
    return math.prod(len(one.values) for one in varied)


def members(varied: Sequence[Vary]) -> list[tuple[str, ...]]:
    """The changes of each member, the last key changing fastest. Raises PresetError: a key varied twice."""
    keys = [one.key for one in varied]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        raise PresetError([Problem("--vary", twice, "is varied twice")])
    if count_members(varied) > MOST_MEMBERS:
        message = f"{count_members(varied):,} runs are more than {MOST_MEMBERS:,}"
        raise PresetError([Problem("--vary", "", message)])
    choices = ([f"{one.key}={value}" for value in one.values] for one in varied)
    return list(itertools.product(*choices))


def read_members(path: Path, changes: Sequence[str], grid: Sequence[tuple[str, ...]]) -> list[Preset]:
    """The checked preset of every member. Raises PresetError, which names the first that is none."""
    found = []
    for member in grid:
        try:
            found.append(read_preset(path, [*changes, *member], for_new_run=True))
        except PresetError as error:
            hint = f"this is of {' '.join(member)}; nothing was started"
            raise PresetError(error.problems, hint) from None
    return found
