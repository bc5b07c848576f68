"""Grids of presets."""

import pytest

from aetui.config.problems import PresetError
from aetui.config.shipped import find_preset
from aetui.config.sweeping import Vary, count_members, members, parse_vary, read_members, split_values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("2, 3,8", ["2", "3", "8"]),
        ('["linear 8", "relu"],["linear 4"]', ['["linear 8", "relu"]', '["linear 4"]']),
        ('"a,b",c', ['"a,b"', "c"]),
        ("", [""]),
        ("1,,2", ["1", "", "2"]),
        ("]],3", ["]]", "3"]),
    ],
)
def test_values_are_parted_by_commas_outside_of_brackets(text, values):
    assert split_values(text) == values


def test_the_last_key_changes_fastest_and_every_combination_is_there_once():
    varied = [parse_vary("latent=2,8,2"), parse_vary("seed = 0,1")]
    assert varied[0] == Vary("latent", ("2", "8")), "the same value twice is one run"
    assert count_members(varied) == 4
    assert members(varied) == [
        ("latent=2", "seed=0"),
        ("latent=2", "seed=1"),
        ("latent=8", "seed=0"),
        ("latent=8", "seed=1"),
    ]


@pytest.mark.parametrize("text", ["latent", "=2", "latent=", "latent=2,,3", ""])
def test_what_varies_nothing_is_refused(text):
    with pytest.raises(PresetError, match=r"expected section.key=value,value"):
        parse_vary(text)


def test_a_key_varied_twice_and_a_grid_without_bound_are_refused():
    with pytest.raises(PresetError, match="varied twice"):
        members([parse_vary("seed=0,1"), parse_vary("seed=2,3")])
    numbers = ",".join(map(str, range(1000)))
    with pytest.raises(PresetError, match="1,000,000 runs are more than 10,000"):
        members([parse_vary(f"seed={numbers}"), parse_vary(f"train.epochs={numbers}")])


def test_every_member_is_the_preset_with_its_changes():
    path = find_preset("digits-mlp")
    grid = members([parse_vary("latent=2,8"), parse_vary("seed=4,5")])
    found = read_members(path, ["train.epochs=7"], grid)
    assert [(one.model.encoder[-1], one.train.seed, one.train.epochs) for one in found] == [
        ("linear 2", 4, 7),
        ("linear 2", 5, 7),
        ("linear 8", 4, 7),
        ("linear 8", 5, 7),
    ]


def test_the_impossible_member_is_named():
    grid = members([parse_vary("train.epochs=3,-1")])
    with pytest.raises(PresetError) as caught:
        read_members(find_preset("digits-mlp"), [], grid)
    assert "train.epochs" in str(caught.value)
    assert caught.value.hint == "this is of train.epochs=-1; nothing was started"
