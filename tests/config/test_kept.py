"""The settings that a run keeps when it goes on."""

import pytest

from aetui.config.kept import differences, kept_settings
from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset


def settings(preset, *changes):
    return kept_settings(read_preset(find_preset(preset), changes))


@pytest.mark.parametrize(
    ("preset", "changed", "told"),
    [
        ("digits-mlp", "train.seed=4", "train.seed was 0, is 4"),
        ("digits-mlp", "train.batch_size=32", "train.batch_size was 64, is 32"),
        ("digits-mlp", "train.optimizer=adamw", "train.optimizer was adam, is adamw"),
        ("digits-mlp", "noise.std=0.5", "noise was none, is given"),
        ("digits-mlp", "probe.every=1", "probe.every was 0, is 1"),
        ("digits-mlp", "augment.flip=true", "augment.flip was False, is True"),
        ("shapes-vit-mae", "mask.ratio=0.5", "mask.ratio was 0.75, is 0.5"),
    ],
)
def test_what_would_make_it_another_run_is_told(preset, changed, told):
    assert differences(settings(preset), settings(preset, changed)) == [told]


@pytest.mark.parametrize(
    "changed", ["train.epochs=99", "train.learning_rate=1", "train.accumulate=2", 'name="other"']
)
def test_what_may_change_is_not(changed):
    assert differences(settings("digits-mlp"), settings("digits-mlp", changed)) == []


def test_images_may_have_moved(tmp_path):
    places = [f'data.path="{tmp_path / name}"' for name in "ab"]
    assert differences(*(settings("folder-conv", place) for place in places)) == []


def test_keys_of_a_newer_version_are_no_difference():
    older = settings("digits-mlp")
    del older["train.clip_norm"]
    assert differences(older, settings("digits-mlp")) == []
