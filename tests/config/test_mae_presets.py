"""Presets of masked autoencoders and of every way to train: what is refused, where and in which words."""

import pytest

from aetui.config.checks import find_mistakes
from aetui.config.masked import vit_shape
from aetui.config.preset import Preset
from aetui.config.problems import PresetError
from aetui.config.reading import read_preset
from aetui.config.shipped import preset_text, shipped_presets
from aetui.shapes.vit import MAE_DECODER, SIZES, VitSize

CONV = """# Layers.
[data]
name = "shapes"
[model]
kind = "mae"
encoder = ["conv 8 k4 s4"]
decoder = "mirror"
[mask]
ratio = 0.75
patch = 4
[train]
epochs = 3
"""
VIT = """# Tokens.
[data]
name = "shapes"
[model]
kind = "mae"
[model.vit]
size = "tiny"
[mask]
ratio = 0.75
patch = 4
[train]
epochs = 3
"""
PLAIN = CONV.replace('"mae"', '"autoencoder"').replace("[mask]\nratio = 0.75\npatch = 4\n", "")


@pytest.fixture
def read(tmp_path):
    path = tmp_path / "mine.toml"

    def read(text: str, *changes: str) -> Preset:
        path.write_text(text)
        return read_preset(path, changes)

    return read


@pytest.fixture
def refused(read, tmp_path):
    def refused(text: str, *changes: str) -> list[str]:
        with pytest.raises(PresetError) as caught:
            read(text, *changes)
        return [str(problem).removeprefix(f"{tmp_path / 'mine.toml'}:") for problem in caught.value.problems]

    return refused


@pytest.mark.parametrize("text", [CONV, VIT, PLAIN], ids=["conv", "vit", "plain"])
def test_the_tables_start_from_good_presets(read, text):
    assert read(text).train.epochs == 3


@pytest.mark.parametrize(
    ("text", "old", "new", "message"),
    [
        (PLAIN, "[train]", "[mask]\n[train]", '8: mask: only model.kind = "mae" has this section'),
        (PLAIN, "[train]", '[model.vit]\nsize = "tiny"\n[train]', "8: model.vit: only model.kind = "),
        (PLAIN, 'encoder = ["conv 8 k4 s4"]\n', "", "4: model.encoder: missing"),
        (PLAIN, 'decoder = "mirror"\n', "", "4: model.decoder: missing"),
        (CONV, 'decoder = "mirror"\n', "", "4: model.decoder: missing"),
        (CONV, 'encoder = ["conv 8 k4 s4"]\ndecoder = "mirror"\n', "", "4: model: a mae needs an encoder"),
        (CONV, '"mae"', '"mea"', "5: model.kind: 'mea' is not one of 'autoencoder', 'mae' or 'cl"),
        (CONV, "[mask]\nratio = 0.75\npatch = 4\n", "", "1: mask: missing: a mae needs to know what"),
        (CONV, "[train]", "[noise]\nstd = 0.5\n[train]", "11: noise: a mae is given hidden patches"),
        (CONV, "patch = 4", "patch = 5", "10: mask.patch: patch 5 does not divide the image 32x32; patches"),
        (CONV, "0.75", "1", "9: mask.ratio: expected less than 1, not 1"),
        (CONV, "0.75", "-0.1", "9: mask.ratio: expected greater than or equal to 0, not -0.1"),
        (CONV, "0.75", "0.99", "9: mask.ratio: mask ratio 0.99 leaves no visible patch of 64;"),
        (CONV, "0.75", "1e-17", "9: mask.ratio: mask ratio 1e-17 leaves no hidden patch of 64;"),
        (CONV, "conv 8 k4 s4", "conv 8 k40", "6: model.encoder.0: layer 1 (conv 8 k40) on 3x32x32"),
        (VIT, '"mae"', '"mae"\nencoder = ["relu"]', "6: model.encoder: a mae has layers or the table"),
        (VIT, '"tiny"', '"tini"', "7: model.vit.size: 'tini' is not one of"),
        (VIT, "0.75", "0", "9: mask.ratio: mask ratio 0 is not between 0 and 1;"),
        (VIT, "patch = 4", "patch = 64", "10: mask.patch: patch 64 does not divide the image 32x32;"),
        (VIT, 'size = "tiny"', "width = 64\ndepth = 2", "6: model.vit.heads: missing: give width, depth and"),
        (VIT, 'size = "tiny"', 'size = "tiny"\nheads = 5', "8: model.vit.heads: encoder: 5 heads do not"),
        (VIT, 'size = "tiny"', 'size = "tiny"\nwidth = 64', "8: model.vit.width: encoder: 3 heads do not"),
        (VIT, 'size = "tiny"', 'size = "tiny"\nwidth = 66', "8: model.vit.width: encoder: width 66 is not a"),
        (VIT, 'size = "tiny"', 'size = "tiny"\ndepth = 0', "8: model.vit.depth: expected greater than or"),
        (VIT, '"tiny"', '"tiny"\ndecoder_heads = 7', "8: model.vit.decoder_heads: decoder: 7 heads do not"),
        (VIT, '"tiny"', '"tiny"\ndecoder_width = 6', "8: model.vit.decoder_width: decoder: width 6 is not"),
        (VIT, '"tiny"', '"tiny"\nnorm_pixx = true', "8: model.vit.norm_pixx: unknown key (did you mean"),
        (
            VIT.replace('"shapes"', '"digits"'),
            '"tiny"',
            '"tiny"\npixels = "imagenet"',
            "8: model.vit.pixels: images of imagenet have 3 channels, these 1: choose another set",
        ),
        (
            VIT.replace('"shapes"', '"digits"').replace("patch = 4", "patch = 1"),
            '"tiny"',
            '"tiny"\nnorm_pix = true',
            "8: model.vit.norm_pix: norm_pix: a patch of 1x1 pixels and 1 channel has no deviation;",
        ),
        (
            VIT,
            'size = "tiny"',
            "width = 100000\ndepth = 10\nheads = 1",
            "6: model.vit: the model has 1,200,0",
        ),
        (VIT, "epochs = 3", "epochs = 3\nwarmup_epochs = 1", "13: train.warmup_epochs: only schedule ="),
        (
            VIT,
            "epochs = 3",
            'epochs = 3\nschedule = "cosine"\nwarmup_epochs = 3',
            "14: train.warmup_epochs: warming up for 3 of 3 epochs leaves none",
        ),
        (VIT, "epochs = 3", "epochs = 3\naccumulate = 65", "13: train.accumulate: a batch of 64 images"),
        (
            VIT,
            "epochs = 3",
            "learning_rate = 1e-3\nbase_learning_rate = 1e-4",
            "13: train.base_learning_rate: there is a learning_rate as well",
        ),
        (VIT, "epochs = 3", "betas = [0.9, 1.0]", "12: train.betas.1: expected less than 1, not 1.0"),
        (VIT, "epochs = 3", "betas = [0.9]", "12: train.betas.1: missing"),
        (VIT, "epochs = 3", 'betas = ["0.9", 0.5]', "12: train.betas.0: expected a valid number"),
        (VIT, "epochs = 3", "clip_norm = -1.0", "12: train.clip_norm: expected greater than or equal to 0"),
        (VIT, "epochs = 3", 'optimizer = "adamv"', "12: train.optimizer: 'adamv' is not one of"),
        (VIT, "epochs = 3", 'schedule = "one_cycle"', "12: train.schedule: 'one_cycle' is not one of"),
        (VIT, "[train]", "[augment]\ncrop_scale = 0\n[train]", "12: augment.crop_scale: expected greater"),
        (VIT, "[train]", "[augment]\nflip = 1\n[train]", "12: augment.flip: expected a valid boolean"),
        (VIT, "[train]", "[probe]\nevery = -1\n[train]", "12: probe.every: expected greater"),
    ],
)
def test_what_cannot_be_is_refused_at_its_key(refused, text, old, new, message):
    assert old in text
    (found,) = refused(text.replace(old, new, 1))
    assert found.startswith(message)


def test_mistakes_of_model_and_training_are_named_together(refused):
    text = VIT.replace("patch = 4", "patch = 5").replace('"tiny"', '"tiny"\nheads = 5')
    found = refused(text + "accumulate = 65\nwarmup_epochs = 2\n")
    keys = [line.split(": ")[1] for line in found]
    assert keys == ["mask.patch", "model.vit.heads", "train.accumulate", "train.warmup_epochs"]


def test_a_size_is_named_and_its_numbers_can_be_other(read):
    shape = vit_shape(read(VIT))
    assert (shape.encoder, shape.decoder) == (SIZES["tiny"], MAE_DECODER)
    changed = vit_shape(read(VIT, "model.vit.depth=4", "model.vit.decoder_width=64"))
    assert (changed.encoder, changed.decoder) == (VitSize(192, 4, 3), VitSize(64, 8, 16))
    alone = read(VIT.replace('size = "tiny"', "width = 64\ndepth = 2\nheads = 4"))
    assert vit_shape(alone).encoder == VitSize(64, 2, 4)


def test_layers_alone_may_hide_nothing(read):
    assert read(CONV, "mask.ratio=0").mask.ratio == 0


def test_the_defaults_are_the_recipe_of_the_plain_autoencoder(read):
    preset = read(PLAIN)
    assert preset.train.model_dump(exclude={"epochs"}) == {
        "loss": "mse",
        "patience": 0,
        "batch_size": 64,
        "optimizer": "adam",
        "learning_rate": 1e-3,
        "base_learning_rate": None,
        "betas": (0.9, 0.999),
        "weight_decay": 0.0,
        "schedule": "constant",
        "warmup_epochs": 0.0,
        "ema": 0.0,
        "clip_norm": 0.0,
        "accumulate": 1,
        "compile": False,
        "capture": "auto",
        "repeatable": True,
        "seed": 0,
        "precision": "float32",
        "processes": 1,
        "shard": False,
        "activation_checkpointing": False,
        "keep_checkpoints": 3,
    }
    assert preset.train.peak_learning_rate == 1e-3
    assert (preset.augment.flip, preset.augment.crop_scale, preset.probe.every) == (False, 1.0, 0)
    assert (preset.mask, preset.noise, preset.model.vit) == (None, None, None)


def test_a_base_learning_rate_is_for_256_images(read):
    train = read(VIT, "train.base_learning_rate=1.5e-4", "train.batch_size=4096").train
    assert train.learning_rate is None
    assert train.peak_learning_rate == pytest.approx(2.4e-3)


def test_a_changed_learning_rate_takes_the_place_of_the_other(read, refused):
    based = VIT + "base_learning_rate = 1.5e-4\n"
    assert read(based, "train.learning_rate=0.5").train.peak_learning_rate == 0.5
    given = VIT + "learning_rate = 0.5\n"
    assert read(given, "train.base_learning_rate=0.25").train.peak_learning_rate == 0.0625
    both = refused(VIT, "train.learning_rate=0.5", "train.base_learning_rate=0.25")
    assert both[0].startswith("--set train.base_learning_rate=0.25: train.base_learning_rate: there is")


@pytest.mark.parametrize("text", [CONV, VIT, VIT + "base_learning_rate = 1e-4\nbetas = [0.9, 0.95]\n"])
def test_written_out_it_reads_back_equal(read, text):
    preset = read(text)
    assert read(preset_text(preset, "A sentence.")) == preset


def test_a_data_set_of_other_images_is_checked_as_well(read):
    preset = read(VIT.replace("patch = 4", "patch = 8"))
    digits = preset.data.model_copy(update={"name": "digits"})
    ((key, message),) = find_mistakes(preset.model_copy(update={"data": digits}))
    assert key == "mask.patch"
    assert "28x28" in message


def test_the_masked_recipes_are_the_promised_ones():
    found = {one.name: read_preset(one.path) for one in shipped_presets() if "mae" in one.name}
    assert found.keys() == {
        "shapes-conv-mae", "shapes-vit-mae", "cifar10-conv-mae", "cifar10-vit-mae", "cifar10-vit-mae-fast",
        "cifar10-vit-mae-small",
    }  # fmt: skip
    full = found["cifar10-vit-mae"]
    shape = vit_shape(full)
    assert (shape.encoder, shape.decoder.width, shape.decoder.depth) == (SIZES["tiny"], 192, 4)
    assert (shape.patch, shape.mask_ratio, full.train.peak_learning_rate) == (2, 0.75, pytest.approx(2.4e-3))
    conv = found["cifar10-conv-mae"]
    assert (conv.train.epochs, conv.train.batch_size, conv.train.peak_learning_rate) == (10, 64, 3e-3)
    assert (conv.mask.ratio, conv.mask.patch, conv.train.optimizer) == (0.75, 4, "adam")


def test_the_first_name_of_the_units_is_still_read(tmp_path):
    """`imagenet_pixels`, in run folders and presets that are older than `pixels`."""
    for written, read in (("true", "imagenet"), ("false", "unit")):
        path = tmp_path / "old.toml"
        path.write_text(VIT.replace('"tiny"', f'"tiny"\nimagenet_pixels = {written}'))
        assert read_preset(path).model.vit.pixels == read
    path.write_text(VIT.replace('"tiny"', '"tiny"\nimagenet_pixels = 3'))
    with pytest.raises(PresetError, match=r"8: model\.vit\.imagenet_pixels: unknown key"):
        read_preset(path)
