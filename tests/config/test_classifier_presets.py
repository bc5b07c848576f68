"""Presets of classifiers: a mae's preset with another kind; what is refused, where and in which words."""

import pytest

from aetui.config.finetuning import finetuning_preset
from aetui.config.problems import PresetError
from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset, load_preset, preset_text, shipped_presets

CLASSIFIER = """# Told apart.
[data]
name = "shapes"
[model]
kind = "classifier"
encoder = ["conv 8 k4 s4"]
decoder = "mirror"
[mask]
patch = 4
[finetune]
from_checkpoint = ""
"""
MASK, TUNE = "[mask]\npatch = 4\n", '[finetune]\nfrom_checkpoint = ""\n'


@pytest.fixture
def mine(tmp_path):
    return tmp_path / "mine.toml"


def refused(read) -> list[str]:
    with pytest.raises(PresetError) as caught:
        read()
    return [str(problem) for problem in caught.value.problems]


def test_every_mae_becomes_a_classifier_by_its_kind():
    for listed in shipped_presets():
        if read_preset(listed.path).model.kind == "mae":
            made = read_preset(listed.path, ["model.kind=classifier", "probe.every=0"])
            assert made.finetune is None


def test_what_is_written_reads_back(mine):
    mine.write_text(CLASSIFIER)
    preset = read_preset(mine)
    mine.write_text(preset_text(preset, "Told apart."))
    assert read_preset(mine) == preset
    assert preset.finetune.from_checkpoint == ""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (MASK, "", "1: mask: missing: a classifier comes from a mae, which needs to know what is hidden"),
        (TUNE, "[noise]\nstd = 0.5\n", "10: noise: a classifier sees clean images, not noise"),
        (TUNE, "[probe]\nevery = 1\n", "11: probe.every: a classifier is tested on the classes after every"),
        ('decoder = "mirror"\n', "", "4: model.decoder: missing"),
        ('encoder = ["conv 8 k4 s4"]\ndecoder = "mirror"\n', "", "4: model: a classifier needs an encoder"),
        ("patch = 4", "patch = 5", "9: mask.patch: patch 5 does not divide the image 32x32; patches"),
        ('"classifier"', '"mae"', '10: finetune: only model.kind = "classifier" has this section'),
        ('from_checkpoint = ""', "from_checkpoint = 3", "11: finetune.from_checkpoint: expected a valid str"),
        ("from_checkpoint", "from_checkpiont", "11: finetune.from_checkpiont: unknown key (did you mean fro"),
    ],
)
def test_what_cannot_be_is_refused(mine, old, new, message):
    assert CLASSIFIER.count(old) == 1
    mine.write_text(CLASSIFIER.replace(old, new))
    assert refused(lambda: read_preset(mine))[0].startswith(f"{mine}:{message}")


@pytest.mark.parametrize("path", ["no-such.pt", "presets", "x" * 300, "~no-such-user/a.pt", r"a\u0000b"])
def test_a_checkpoint_that_is_no_file_is_refused_when_a_run_begins(mine, path):
    mine.write_text(CLASSIFIER.replace('""', f'"{path}"'))
    (problem,) = refused(lambda: load_preset(str(mine)))
    assert problem.startswith(f"{mine}:11: finetune.from_checkpoint: ")
    assert "is no file; name a checkpoint in the folder of a run" in problem
    assert read_preset(mine).finetune.from_checkpoint, "a run that has begun is read all the same"


def test_a_change_is_refused_at_the_change():
    changes = ["model.kind=classifier", "finetune.from_checkpoint=gone.pt"]
    (problem,) = refused(lambda: load_preset(str(find_preset("shapes-vit-mae")), changes))
    assert problem.startswith("--set finetune.from_checkpoint=gone.pt: finetune.from_checkpoint: gone.pt is")


def test_a_plain_autoencoder_becomes_none():
    (problem,) = refused(lambda: load_preset("digits-mlp", ["model.kind=classifier"]))
    assert "mask: missing: a classifier comes from a mae" in problem


def test_a_transformer_is_tuned_layer_by_layer_and_its_twin_is_not(tmp_path):
    """What nothing has learned yet learns alike; all else of the recipe is the same for both."""
    config, checkpoint = find_preset("shapes-vit-mae"), tmp_path / "checkpoint.pt"
    checkpoint.touch()
    tuned = finetuning_preset(config, "tuned", str(checkpoint), ["train.epochs=3"])
    twin = finetuning_preset(config, "twin", "", ["train.epochs=3"])
    assert (tuned.finetune.layer_decay, tuned.finetune.drop_path) == (0.75, 0.1)
    assert (twin.finetune.layer_decay, twin.finetune.drop_path) == (1.0, 0.1)
    assert tuned.data.validation_share == twin.data.validation_share == 0.1
    changed = finetuning_preset(config, "tuned", str(checkpoint), ["finetune.layer_decay=0.5"])
    assert changed.finetune.layer_decay == 0.5
