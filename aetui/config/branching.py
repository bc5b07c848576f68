"""What may differ in a run that leaves another one at a checkpoint."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from aetui.config.fields import every_setting, value_of
from aetui.config.kept import differences, kept_settings
from aetui.config.notes import without
from aetui.config.preset import Preset
from aetui.config.problems import PresetError
from aetui.config.reading import read_preset
from aetui.config.steering import steered
from aetui.errors import UsageError

SECTIONS = ("train", "noise", "augment", "probe")
FREE = ("mask.ratio",)
FIXED = ("train.batch_size", "train.optimizer", "train.loss")
"""Of a free section: what steps and losses so far were counted and measured by, and the optimizer's state."""
WHAT_MAY_DIFFER = "[train] but batch_size, optimizer and loss; [noise], [augment], [probe], mask.ratio"


class Difference(NamedTuple):
    """A setting that is another in the branch."""

    key: str
    value: str
    before: str


def branched(
    config: Path, epoch: int, step: int, changes: Sequence[str], *, within_epoch: bool
) -> tuple[Preset, list[Difference]]:
    """The preset of a branch that leaves the run of this config.toml after a step, and how it differs.

    What the run was told while it trained, it was told until then. Raises PresetError, and UsageError for a
    change that no checkpoint of the run could go on with, and where all epochs are trained by then.
    """
    whole = read_preset(config, linked=False)
    trunk = whole.model_copy(update={"steer": [one for one in whole.steer if one.step < step]})
    preset = read_preset(config, changes, linked=False)
    if preset.steer != whole.steer:
        raise UsageError("What a run was told while it trained is its story", "give the settings themselves")
    preset = preset.model_copy(update={"steer": without(trunk.steer, changes)})
    _check(trunk, preset)
    if within_epoch and preset.train.seed != trunk.train.seed:
        raise UsageError(
            "The seed orders the images of the epoch that is under way",
            "branch off after an epoch: --epoch N",
        )
    before, now = steered(trunk), steered(preset)
    if now.train.epochs <= epoch:
        raise UsageError(
            f"After epoch {epoch} of {now.train.epochs} nothing is left to train",
            f"give more, train.epochs={2 * max(1, epoch)}, or an earlier checkpoint",
        )
    found = [
        Difference(setting.key, value_of(now, setting.key), value_of(before, setting.key))
        for setting in every_setting()
    ]
    return preset, [one for one in found if one.value != one.before]


def mistake_in_branch(
    config: Path, epoch: int, step: int, changes: Sequence[str], *, within_epoch: bool
) -> str:
    """Why no branch can differ so; empty where it can."""
    try:
        branched(config, epoch, step, changes, within_epoch=within_epoch)
    except (PresetError, UsageError) as error:
        return error.sentence
    return ""


def _check(trunk: Preset, preset: Preset) -> None:
    changed = differences(kept_settings(trunk), kept_settings(preset))
    keys = [change.partition(" ")[0] for change in changed]
    refused = [key for key in keys if not is_free(key)]
    if bool(trunk.train.weight_decay) != bool(preset.train.weight_decay):
        refused.append("train.weight_decay (one of them 0)")  # the optimizer groups the weights by that
    if refused:
        raise UsageError(
            f"A branch cannot have another {', '.join(refused)} than its checkpoint",
            f"what may differ: {WHAT_MAY_DIFFER}; another run starts with `aetui train`",
        )


def is_free(key: str) -> bool:
    """Whether a kept setting, `section.key`, may be another in a branch."""
    return key in FREE or (key.partition(".")[0] in SECTIONS and key not in FIXED)
