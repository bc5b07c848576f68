"""The preset that `aetui finetune` makes of a masked autoencoder's."""

from pathlib import Path

import pytest

from aetui.config.finetuning import finetuning_preset
from aetui.config.problems import PresetError

PRESET = """
[data]
name = "folder"
path = "{images}"
size = "3x8x8"
[model]
kind = "mae"
encoder = ["conv 4 k2 s2", "relu"]
decoder = "mirror"
[mask]
ratio = 0.5
patch = 2
[train]
epochs = 2
batch_size = 16
learning_rate = 1e-2
"""


@pytest.fixture
def config(tmp_path) -> Path:
    path = tmp_path / "grey.toml"
    path.write_text(PRESET.format(images=tmp_path))
    return path


@pytest.mark.parametrize(
    ("changes", "rate", "warmup"),
    [
        ([], 1e-3 * 16 / 256, 1),
        (["train.batch_size=512"], 2e-3, 1),
        (["train.learning_rate=0.1"], 0.1, 1),
        (["train.base_learning_rate=0.1"], 0.1 * 16 / 256, 1),
        (["train.epochs=1"], 1e-3 * 16 / 256, 0),
        (["train.schedule=constant"], 1e-3 * 16 / 256, 0),
        (["train.warmup_epochs=2.5"], 1e-3 * 16 / 256, 2.5),
    ],
)
def test_the_recipe_gives_way_to_changes(config, changes, rate, warmup):
    train = finetuning_preset(config, "tuned", "", changes).train
    assert train.peak_learning_rate == pytest.approx(rate)
    assert train.warmup_epochs == warmup


def test_the_recipe_takes_smaller_batches_than_the_preset_at_most(config):
    config.write_text(config.read_text().replace("batch_size = 16", "batch_size = 4096\naccumulate = 64"))
    train = finetuning_preset(config, "tuned", "").train
    assert (train.batch_size, train.epochs, train.optimizer) == (256, 10, "adamw")
    assert train.accumulate == 4, "parts of 64 images, as before"


@pytest.mark.parametrize("key", ["name", "model.kind", "finetune.from_checkpoint"])
def test_what_fine_tuning_decides_is_not_changed(config, key):
    with pytest.raises(PresetError, match=f"--set: {key}: fine-tuning decides this itself"):
        finetuning_preset(config, "tuned", "", [f"{key}=x"])


def test_a_checkpoint_may_lie_where_names_are_odd(config, tmp_path):
    """TOML wants a character escaped that JSON does not."""
    checkpoint = tmp_path / "del\x7f \\ 'odd'\x1b.pt"
    checkpoint.touch()
    assert finetuning_preset(config, "tuned", str(checkpoint)).finetune.from_checkpoint == str(checkpoint)
