"""Reading presets: TOML text and `--set` changes in, a checked `Preset` or every mistake out."""

import difflib
import reprlib
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from aetui.config.chains import unreadable_layers
from aetui.config.checks import find_mistakes, missing_files
from aetui.config.latent import KEY as LATENT
from aetui.config.latent import set_latent
from aetui.config.lines import MOST_PARTS, key_lines, line_of, line_of_long_key
from aetui.config.notes import ONE_OF, without
from aetui.config.preset import Preset
from aetui.config.problems import PresetError, Problem
from aetui.files import read_bounded
from aetui.text import plural

LARGEST_BYTES = 500_000
"""A preset is a page of text; a larger file is something else, and takes seconds to read."""
LONGEST_GIVEN = 60
"""Characters that are told of a value that is none."""
_GIVEN = reprlib.Repr()
_GIVEN.maxstring = _GIVEN.maxother = _GIVEN.maxlong = LONGEST_GIVEN
MOST_MISTAKES = 1000
"""More are not named: what has so many is something else."""
SHORT = {"seed": "train.seed", "latent": LATENT}
"""What is written shorter than it is called."""


def read_preset(
    path: Path, changes: Sequence[str] = (), *, for_new_run: bool = False, linked: bool = True
) -> Preset:
    """Read and check the preset in `path`, which may be `linked`, after the `section.key=value` changes.

    `for_new_run`: the files it starts from must be there too; a run that has begun needs them no more.
    Raises PresetError with every mistake found.
    """
    text = read_text(path, linked=linked)
    table = _parse(text, str(path))
    changed: dict[str, str] = {}
    for change in changes:
        changed[_apply(table, change)] = change
    for key in changed:
        if ONE_OF.get(key, key) not in changed:
            _leave_out(table, ONE_OF[key])
    lines = key_lines(text)

    def problem(key: str, message: str) -> Problem:
        source = next((c for k, c in changed.items() if _concerns(k, key, in_file=key in lines)), None)
        where = f"--set {source}" if source else f"{path}:{line_of(lines, key)}"
        return Problem(where, key, message)

    table.setdefault("name", path.stem)
    try:
        preset = Preset.model_validate(table)
    except ValidationError as error:
        if error.error_count() > MOST_MISTAKES:
            raise PresetError([Problem(str(path), "", f"{error.error_count():,} mistakes")]) from None
        mistakes = [*map(_explain, error.errors()), *unreadable_layers(table)]
        raise PresetError([problem(*mistake) for mistake in mistakes]) from None
    if mistakes := [*find_mistakes(preset), *(missing_files(preset) if for_new_run else ())]:
        raise PresetError([problem(key, message) for key, message in mistakes])
    if for_new_run and preset.steer:  # what is told now holds from the first step on
        return preset.model_copy(update={"steer": without(preset.steer, changes)})
    return preset


def changed(preset: Preset, *changes: str) -> Preset:
    """A checked preset with some `section.key=value` changed. Raises PresetError."""
    table = preset.model_dump(exclude_none=True)
    for change in changes:
        key = _apply(table, change)
        if key in ONE_OF:
            _leave_out(table, ONE_OF[key])
    try:
        after = Preset.model_validate(table)
    except ValidationError as error:
        raise PresetError([Problem("", *_explain(one)) for one in error.errors()[:1]]) from None
    if mistakes := find_mistakes(after):
        raise PresetError([Problem("", *mistakes[0])])
    return after


def _concerns(changed: str, key: str, *, in_file: bool) -> bool:
    """Whether a mistake at `key` is that of a changed key: the same, above it, or in a section it made."""
    above, below = key.startswith(changed + "."), changed.startswith(key + ".")
    return changed == key or above or (below and not in_file)


def read_text(path: Path, *, linked: bool = True) -> str:
    """A preset's file as it stands. Raises PresetError for one that is none."""
    try:
        data = read_bounded(path, LARGEST_BYTES, linked=linked)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        hint = ""
        if path.name == "config.toml":
            hint = "a run goes on only with the config.toml that it began with: put it back from a copy"
        raise PresetError([Problem(str(path), "", f"cannot be read: {reason}")], hint) from None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise PresetError([Problem(f"{path}:{line}", "", "not UTF-8 text; save the file as UTF-8")]) from None


def _parse(text: str, name: str) -> dict[str, Any]:
    if number := line_of_long_key(text):  # tomllib's time grows with the square of its parts
        raise PresetError([Problem(f"{name}:{number}", "", f"a key of more than {MOST_PARTS} parts")])
    try:
        table = tomllib.loads(text)
        _check_numbers(table)
        return table
    except tomllib.TOMLDecodeError as error:
        message, _, place = str(error).partition(" (at ")
        line = place.partition("line ")[2].partition(",")[0] if "line " in place else text.count("\n") + 1
        raise PresetError([Problem(f"{name}:{line}", "", f"not TOML: {message}")]) from None
    except RecursionError:
        raise PresetError([Problem(f"{name}:1", "", "not a preset: nested too deeply")]) from None
    except ValueError:  # Python's own, of thousands of digits, or ours
        raise PresetError([Problem(f"{name}:1", "", "not a preset: a number of too many digits")]) from None


def _check_numbers(value: Any) -> None:
    """Raises ValueError for a whole number that no one means, of more than 64 bits."""
    if isinstance(value, int) and value.bit_length() > 64:
        raise ValueError("too many digits")
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in below:
        _check_numbers(each)


def _apply(table: dict[str, Any], change: str) -> str:
    """Write one `section.key=value` into the table; return the key that it changes.

    The value is TOML, or else a word; `latent=16` changes the encoder's last layer.
    """
    key, equals, value = change.partition("=")
    key = SHORT.get(key.strip(), key.strip())
    if not equals or not all(key.split(".")):
        raise PresetError([Problem(f"--set {change}", "", "expected section.key=value")])
    if key == LATENT:
        set_latent(table, value.strip())
        return "model.encoder"
    *sections, name = key.split(".")
    if len(sections) >= MOST_PARTS:
        raise PresetError([Problem("--set", "", f"a key of more than {MOST_PARTS} parts")])
    for section in sections:
        below = table.setdefault(section, {})
        if not isinstance(below, dict):
            raise PresetError([Problem(f"--set {change}", section, "is a value, not a section")])
        table = below
    table[name] = _value(value.strip())
    return key


def _leave_out(table: dict[str, Any], key: str) -> None:
    section, _, name = key.partition(".")
    if isinstance(table.get(section), dict):
        table[section].pop(name, None)


def _value(text: str) -> Any:
    if line_of_long_key(text):
        return text
    try:
        parsed = tomllib.loads(f"value = {text}")
        _check_numbers(parsed)
    except (ValueError, RecursionError):
        return text
    return parsed["value"] if parsed.keys() == {"value"} else text


def _explain(detail: ErrorDetails) -> tuple[str, str]:
    """The dotted key and a plain sentence for one of pydantic's errors."""
    path = [str(part) for part in detail["loc"] if not _is_union_branch(str(part))]
    key, kind, context = ".".join(path), detail["type"], detail.get("ctx", {})
    given = _GIVEN.repr(detail["input"])
    if kind == "extra_forbidden":
        return key, f"unknown key{_suggestion(path[-1], _known_keys(path[:-1]))}"
    if kind == "missing":
        return key, "missing"
    if kind == "literal_error":
        known = str(context.get("expected", "")).replace("True", "true").replace("False", "false")
        words = [word.strip("' ") for word in known.replace(" or ", ",").split(",")]
        return key, f"{given} is not one of {known}{_suggestion(str(detail['input'])[:LONGEST_GIVEN], words)}"
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return key, f"this is a section: give its keys, as [{key}] or {key}.name = value"
    if kind in ("too_long", "too_short"):
        side, bound = ("most", "max_length") if kind == "too_long" else ("least", "min_length")
        return key, f"expected at {side} {plural(context[bound], 'item')}, not {context['actual_length']}"
    message = detail["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    return key, f"expected {message}, not {given}"


def _is_union_branch(part: str) -> bool:
    return part.startswith(("literal[", "list["))


def _suggestion(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def _known_keys(path: Sequence[str]) -> list[str]:
    section: Any = Preset
    for part in path:
        field = section.model_fields.get(part)
        candidates = [] if field is None else [field.annotation, *get_args(field.annotation)]
        models = [c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)]
        if not models:
            return []
        section = models[0]
    return list(section.model_fields)
