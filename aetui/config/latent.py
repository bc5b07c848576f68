"""The latent code of a model of layers: its size, and the same model with another one."""

import re
from collections.abc import Sequence
from typing import Any

from aetui.config.chains import trace_model
from aetui.config.fields import value_of
from aetui.config.preset import Preset
from aetui.config.problems import PresetError, Problem
from aetui.shapes.sizes import format_size

KEY = "model.latent"
"""As a change has it, `latent=16` for short: what the encoder's last layer that counts its outputs gives."""
_COUNTED = re.compile(r"(\s*(?:linear|convt?)\s+)([0-9]+)\b(.*)")


def latent_of(preset: Preset) -> str:
    """The size of the code of a checked preset, `3` or `32x7x7`; empty for a vision transformer."""
    return format_size(trace_model(preset)[0][-1].output) if preset.model.encoder else ""


def latent_number(preset: Preset) -> str:
    """What the encoder's last layer that counts its outputs has; empty where there is none."""
    found = [counted[2] for counted in map(_COUNTED.fullmatch, preset.model.encoder or ()) if counted]
    return found[-1] if found else ""


def setting_of(preset: Preset, key: str) -> str:
    """What a preset has at a key of its schema, or as the number of its latent code, as a person types it."""
    return latent_number(preset) if key == KEY else value_of(preset, key)


def differ_in_latent_alone(presets: Sequence[Preset]) -> bool:
    """Whether their encoders are the same but for the size of the code, and their decoders the same."""
    models = {
        (tuple(_with_latent(preset.model.encoder or [], "*") or ()), str(preset.model.decoder))
        for preset in presets
    }
    return len(models) == 1 and all(preset.model.encoder for preset in presets)


def set_latent(table: dict[str, Any], value: str) -> None:
    """Give the encoder of a preset's table another size of code. Raises PresetError where it cannot be."""
    model = table.get("model")
    encoder = model.get("encoder") if isinstance(model, dict) else None
    if not isinstance(encoder, list) or not all(isinstance(line, str) for line in encoder):
        raise _impossible(value, "the model has no encoder of layers")
    if not re.fullmatch(r"[0-9]{1,7}", value):
        raise _impossible(value, "expected a whole number")
    changed = _with_latent(encoder, value)
    if changed is None:
        raise _impossible(value, "no layer of the encoder says how many numbers it gives, as `linear 3` does")
    encoder[:] = changed


def _with_latent(encoder: list[str], value: str) -> list[str] | None:
    """The layers with `value` in the last that counts its outputs; None where none does."""
    for place in reversed(range(len(encoder))):
        if found := _COUNTED.fullmatch(encoder[place]):
            return [*encoder[:place], f"{found[1]}{value}{found[3]}", *encoder[place + 1 :]]
    return None


def _impossible(value: str, why: str) -> PresetError:
    return PresetError([Problem(f"--set {KEY}={value}", KEY, why)])
