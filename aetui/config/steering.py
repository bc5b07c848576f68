"""Settings that a run is told to have from a step on, while it trains."""

from collections.abc import Sequence

from aetui.config.notes import STEERABLE, in_order, without
from aetui.config.preset import MOST_STEERED, Preset, Steer
from aetui.config.problems import PresetError, Problem
from aetui.config.reading import changed

OF_IMAGES = ("noise.std", "mask.ratio")
"""What test losses depend on too."""


def steer(preset: Preset, *changes: str) -> Preset:
    """The preset with some of its settings changed while it trains, the later of a key holds.

    Raises PresetError with the reason.
    """
    newest: dict[str, str] = {}
    for change in changes:
        key = change.partition("=")[0].strip()
        if key not in STEERABLE:
            raise _refused(change, f"only {', '.join(STEERABLE)} can change while a run trains")
        if key in OF_IMAGES and not _of_images(preset, key):
            raise _refused(change, "the run was begun without")
        newest.pop(key, None)  # in the order of the newest
        newest[key] = change
    after = changed(preset, *newest.values()) if newest else preset
    for key, change in newest.items():
        if key in OF_IMAGES and not _of_images(after, key):
            raise _refused(change, "not off: its steps were made for more than 0")
    return after


def noted(preset: Preset, step: int, change: str) -> Preset:
    """The preset with a change from a step on, as config.toml has it. Raises PresetError.

    What was noted of that setting for later steps goes: the run has gone back since, or repeats another.
    """
    later = without([one for one in preset.steer if one.step > step], [change])
    notes = [one for one in preset.steer if one.step <= step or one in later]
    if len(notes) >= MOST_STEERED:
        raise _refused(change, f"{MOST_STEERED} changes are the most")
    return preset.model_copy(update={"steer": [*notes, Steer(step=step, change=change)]})


def check_notes(preset: Preset, to_come: Sequence[Steer]) -> None:
    """Raises PresetError for the first of these notes that cannot be, be it overruled by a later one.

    The preset is as it is now; they are in their order.
    """
    changes = [one.change for one in to_come]
    for count in range(1, len(changes) + 1):
        steer(preset, *changes[:count])


def steered(preset: Preset) -> Preset:
    """The preset as it is after all of its changes. Raises PresetError for one that cannot be."""
    return steer(preset, *(one.change for one in in_order(preset.steer)))


def _of_images(preset: Preset, key: str) -> bool:
    if key == "noise.std":
        return bool(preset.noise and preset.noise.std)
    return bool(preset.mask and preset.mask.ratio)


def _refused(change: str, why: str) -> PresetError:
    return PresetError([Problem("", change, why)])
