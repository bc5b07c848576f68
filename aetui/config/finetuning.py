"""The preset of a classifier made from that of the masked autoencoder it comes from."""

import json
from collections.abc import Sequence
from pathlib import Path

from aetui.config.notes import ONE_OF
from aetui.config.preset import Preset
from aetui.config.problems import PresetError, Problem
from aetui.config.reading import read_preset
from aetui.config.train import BASE_BATCH

RECIPE: dict[str, object] = {
    "train.epochs": 10,
    "train.optimizer": "adamw",
    "train.base_learning_rate": 1e-3,
    "train.betas": [0.9, 0.999],
    "train.weight_decay": 0.05,
    "train.schedule": "cosine",
    "probe.every": 0,
    "data.validation_share": 0.1,
    "data.abnormal": [],
    "finetune.label_smoothing": 0.1,
}
"""Fine-tuning of He et al., arXiv 2111.06377, table 9, shortened; the augmentation stays the preset's. Their
mixing of images, which pays over 100 epochs, is left to be set. Images held back choose the best epoch."""
OF_TRANSFORMERS = {"finetune.layer_decay": 0.75, "finetune.drop_path": 0.1, "finetune.pool": "mean"}
"""The same of a vision transformer."""
WARMUP_EPOCHS = 1.0
UNTIL_FLAT = ("train.epochs=1000", "train.patience=10", "train.schedule=constant")
"""Changes with which a run ends when it gets no better: a rate that falls would decide when that is."""


def finetuning_preset(config: Path, name: str, from_checkpoint: str, changes: Sequence[str] = ()) -> Preset:
    """A classifier with the encoder of the mae in `config`, trained by the recipe after the changes.

    An empty `from_checkpoint` starts it from scratch. Raises PresetError with every mistake found.
    """
    keys = {change.partition("=")[0].strip() for change in changes}
    fixed = {"name": name, "model.kind": "classifier", "finetune.from_checkpoint": from_checkpoint}
    if refused := keys & fixed.keys():
        raise PresetError(
            [Problem("--set", key, "fine-tuning decides this itself") for key in sorted(refused)]
        )
    mae = read_preset(config, linked=False)
    source = mae.train
    batch_size = min(BASE_BATCH, source.batch_size)
    parts = -(-source.accumulate * batch_size // source.batch_size)  # as large as they were
    made_from_source = {"train.batch_size": batch_size, "train.accumulate": parts}
    recipe = {**RECIPE, **made_from_source, "train.warmup_epochs": 0.0}
    if mae.model.vit is not None:
        recipe |= OF_TRANSFORMERS
        if not from_checkpoint:  # what nothing has learned yet learns alike
            recipe["finetune.layer_decay"] = 1.0
    for key in keys:
        recipe.pop(ONE_OF.get(key, key), None)
    made = [f"{key}={_toml(value)}" for key, value in {**recipe, **fixed}.items()]
    preset = read_preset(config, [*made, *changes], for_new_run=True)
    train = preset.train
    if "train.warmup_epochs" in recipe and train.schedule == "cosine" and train.epochs > WARMUP_EPOCHS:
        train = train.model_copy(update={"warmup_epochs": WARMUP_EPOCHS})
    return preset.model_copy(update={"train": train, "steer": []})


def _toml(value: object) -> str:
    """JSON is TOML but for one character, which TOML wants escaped."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
