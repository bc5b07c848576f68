"""What the schema tells of every setting, and how what is typed becomes a change."""

import pytest

from aetui.config.fields import as_text, every_setting, settings_of, value_of
from aetui.config.problems import PresetError
from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset, shipped_presets

SETTINGS = {setting.key: setting for setting in every_setting()}


def test_every_setting_says_what_it_means():
    assert [key for key, setting in SETTINGS.items() if not setting.meaning] == []


def test_ranges_defaults_and_choices_are_the_schemas():
    rate, batch, seed = (SETTINGS[f"train.{name}"] for name in ("learning_rate", "batch_size", "seed"))
    assert (rate.range, rate.default) == ("over 0, to 1e+09", "")
    assert (batch.range, batch.default) == ("from 1, to 1,000,000", "64")
    assert seed.range == "from 0, under 4,294,967,296"
    assert SETTINGS["train.capture"].choices == ("auto", "true", "false")
    assert SETTINGS["train.compile"].choices == ("true", "false")
    assert SETTINGS["train.betas"].range == "from 0, under 1"


@pytest.mark.parametrize("listed", shipped_presets(), ids=lambda listed: listed.name)
def test_every_value_typed_as_it_is_shown_is_the_same_preset(listed):
    preset = read_preset(listed.path)
    values = {one: value_of(preset, one.key) for one in settings_of(preset)}
    changes = [setting.change(value) for setting, value in values.items() if value]
    assert read_preset(listed.path, changes) == preset


@pytest.mark.parametrize(
    ("key", "typed", "change"),
    [
        ("train.betas", "0.8, 0.9", "train.betas=[0.8, 0.9]"),
        ("train.betas", "[0.8, 0.9]", "train.betas=[0.8, 0.9]"),
        ("model.encoder", "flatten, linear 3", 'model.encoder=["flatten", "linear 3"]'),
        ("model.decoder", "mirror", "model.decoder=mirror"),
        ("data.abnormal", 'a "b"', r'data.abnormal=["a \"b\""]'),
        ("train.epochs", " 3 ", "train.epochs=3"),
    ],
)
def test_what_is_typed_becomes_a_change(key, typed, change):
    assert SETTINGS[key].change(typed) == change


def test_values_are_shown_as_a_person_types_them():
    shown = [as_text(value) for value in (None, True, 1e-3, 2.0, 0.1 + 0.2, (0.9, 0.95), ["a", "b"], "x")]
    assert shown == ["", "true", "0.001", "2", "0.30000000000000004", "0.9, 0.95", "a, b", "x"]


def test_a_choice_that_is_none_is_one_mistake():
    with pytest.raises(PresetError) as refused:
        read_preset(find_preset("digits-mlp"), ["train.capture=tru"])
    (problem,) = refused.value.problems
    assert problem.message == "'tru' is not one of 'auto', true or false (did you mean true?)"
