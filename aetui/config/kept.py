"""The settings that a run keeps from its first step to its last, so that going on is going on."""

from aetui.config.preset import Preset

CHANGEABLE = (
    "epochs",
    "patience",
    "learning_rate",
    "base_learning_rate",
    "keep_checkpoints",
    "accumulate",
    "compile",
    "capture",
    "repeatable",
    "processes",
    "shard",
    "activation_checkpointing",
)
"""Of `[train]`: what may be another when a run goes on."""
PLACES = ("data.path", "finetune.from_checkpoint")
"""Where something lies; it may have moved."""

LONGEST = 80
"""Characters of a setting that are told."""


def kept_settings(preset: Preset) -> dict[str, str]:
    """Every setting that must stay as it is, by section and key, as text."""
    kept = {}
    for section, settings in preset.model_dump(
        exclude={"name": True, "steer": True, "train": set(CHANGEABLE)}
    ).items():
        kept[section] = "none" if settings is None else "given"
        kept |= {f"{section}.{key}": str(value) for key, value in (settings or {}).items()}
    return {key: value for key, value in kept.items() if key not in PLACES}


def differences(before: dict[str, str], now: dict[str, str]) -> list[str]:
    """Which of the keys of both differ, each as `train.seed was 0, is 1`."""
    return [
        f"{key} was {was[:LONGEST]}, is {now[key][:LONGEST]}"
        for key, was in before.items()
        if now.get(key, was) != was
    ]
