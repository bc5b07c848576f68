"""The notes of a run on what it was told while it trained: the `[[steer]]` of its preset."""

from collections.abc import Sequence

from aetui.config.preset import Steer

STEERABLE = ("train.learning_rate", "train.epochs", "probe.every", "noise.std", "mask.ratio")
"""What can be another between two steps: everything else is built into the model, the data or the past."""
ONE_OF = {
    "train.learning_rate": "train.base_learning_rate",
    "train.base_learning_rate": "train.learning_rate",
}
"""Keys of which a preset has one: a change to one takes the place of the other."""


def without(notes: Sequence[Steer], changes: Sequence[str]) -> list[Steer]:
    """The notes but those on settings that `changes`, as `--set` takes them, tell anew."""
    told = {change.partition("=")[0].strip() for change in changes}
    told |= {ONE_OF[key] for key in told if key in ONE_OF}
    told |= {key for key in STEERABLE if key.partition(".")[0] in told}  # a section is told whole
    return [one for one in notes if one.change.partition("=")[0].strip() not in told]


def in_order(notes: Sequence[Steer]) -> list[Steer]:
    """By their steps; of a step, as they were told."""
    return sorted(notes, key=lambda one: one.step)


def as_text(notes: Sequence[Steer]) -> str:
    """As a person would tell it: `noise.std=0.5 from step 1204, …`."""
    return ", ".join(f"{one.change} from step {one.step}" for one in in_order(notes))
