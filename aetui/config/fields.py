"""The settings of a preset one by one, as its schema tells of them, for whoever edits or varies them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from aetui.config.preset import OWN_IMAGES, Preset

STEER = "steer"
"""The key of a preset that is no setting: what other settings become while it trains."""
OF_A_FOLDER = ("path", "size", "test_share", "abnormal")
"""Keys of `[data]` that mean something for `folder` alone."""
BOUNDS = {"gt": "over", "ge": "from", "lt": "under", "le": "to"}
"""How pydantic calls them, and a person."""


@dataclass(frozen=True)
class Setting:
    """A key of a preset, and what it may be."""

    key: str
    """As for `--set`: `train.learning_rate`."""
    meaning: str
    default: str
    """What holds where the key is left out, as text; empty where nothing does."""
    range: str
    """In words: `over 0, to 1e+09`."""
    choices: tuple[str, ...] = ()
    is_list: bool = False
    of_layers: bool = False

    @property
    def section(self) -> str:
        """`train`, `model.vit`; empty for the name."""
        return self.key.rpartition(".")[0]

    @property
    def name(self) -> str:
        return self.key.rpartition(".")[2]

    def change(self, text: str) -> str:
        """The `section.key=value` that `--set` takes for what a person types; a list may lack brackets."""
        text = text.strip()
        if not self.is_list or text.startswith("[") or (self.of_layers and text in self.choices):
            return f"{self.key}={text}"
        items = [item.strip() for item in text.split(",")] if text else []
        values = items if not self._of_words else [json.dumps(item, ensure_ascii=False) for item in items]
        return f"{self.key}=[{', '.join(values)}]"

    @property
    def _of_words(self) -> bool:
        return self.of_layers or self.key == "data.abnormal"


def every_setting() -> list[Setting]:
    """Of presets of all kinds, in the order of the schema."""
    return list(_settings(Preset, ""))


def settings_of(preset: Preset) -> list[Setting]:
    """Those that mean something for a preset of this kind."""
    return [setting for setting in every_setting() if _means_something(setting, preset)]


def value_of(preset: Preset, key: str) -> str:
    """What the preset has there, as a person would type it; empty where it has nothing."""
    found: Any = preset
    for part in key.split("."):
        found = None if found is None else getattr(found, part)
    return as_text(found)


def as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ", ".join(map(as_text, value))
    return f"{value:g}" if isinstance(value, float) and float(f"{value:g}") == value else str(value)


def _settings(schema: type[BaseModel], above: str) -> Iterator[Setting]:
    for name, field in schema.model_fields.items():
        if name == STEER:
            continue
        key = f"{above}.{name}" if above else name
        if section := _section(field):
            yield from _settings(section, key)
        else:
            yield _setting(key, field, schema)


def _section(field: FieldInfo) -> type[BaseModel] | None:
    kinds = (field.annotation, *get_args(field.annotation))
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


def _setting(key: str, field: FieldInfo, schema: type[BaseModel]) -> Setting:
    kinds, marks = _parts(field.annotation)
    return Setting(
        key=key,
        meaning=" ".join((field.description or schema.__doc__ or "").split()),
        default="" if field.is_required() else as_text(field.get_default(call_default_factory=True)),
        range=_range([*field.metadata, *marks]),
        choices=_choices(kinds),
        is_list=any(get_origin(kind) in (list, tuple) for kind in kinds),
        of_layers=key in ("model.encoder", "model.decoder"),
    )


def _parts(annotation: Any) -> tuple[list[Any], list[Any]]:
    """The alternatives of an annotation, and the bounds that are written on them."""
    if get_origin(annotation) in (Union, UnionType):
        parts = [_parts(one) for one in get_args(annotation) if one is not NoneType]
        return [kind for kinds, _ in parts for kind in kinds], [mark for _, marks in parts for mark in marks]
    if hasattr(annotation, "__metadata__"):
        kinds, marks = _parts(annotation.__origin__)
        written = [mark for info in annotation.__metadata__ for mark in getattr(info, "metadata", [])]
        return kinds, [*marks, *written]
    if get_origin(annotation) is tuple:
        return [annotation], _parts(get_args(annotation)[0])[1]
    return [annotation], []


def _choices(kinds: list[Any]) -> tuple[str, ...]:
    found: list[str] = []
    for kind in kinds:
        if get_origin(kind) is Literal:
            found += map(as_text, get_args(kind))
        elif kind is bool:
            found += ["true", "false"]
    return tuple(found)


def _range(marks: list[Any]) -> str:
    found = [(word, getattr(mark, name, None)) for mark in marks for name, word in BOUNDS.items()]
    words = [f"{word} {_number(bound)}" for word, bound in found if bound is not None]
    return ", ".join(dict.fromkeys(words))


def _number(bound: float) -> str:
    return f"{bound:,}" if isinstance(bound, int) else f"{bound:g}"


def _means_something(setting: Setting, preset: Preset) -> bool:
    """Whether a preset of this kind may have the key."""
    if setting.section == "data" and setting.name in OF_A_FOLDER:
        return preset.data.name in OWN_IMAGES
    if setting.section == "noise":
        return preset.model.kind == "autoencoder"
    if setting.of_layers or setting.section == "model.vit":
        return (preset.model.vit is None) == setting.of_layers
    return not setting.section or getattr(preset, setting.section.partition(".")[0]) is not None
