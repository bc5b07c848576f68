"""How charts are looked at is kept for each preset, and a file that was spoilt is no worry."""

import pytest

from aetui.ui.charts.looks import MOST_PRESETS, Look, keep_look, look_at, looks_file
from aetui.ui.charts.range_dialog import read_range


def test_each_preset_has_its_own() -> None:
    assert look_at("a") == Look()
    keep_look("a", Look(log_scale=True, y_range=(0.01, 0.02)))
    keep_look("b", Look(x_axis="time", smoothing=0.9))
    assert look_at("a") == Look(log_scale=True, y_range=(0.01, 0.02))
    assert look_at("b").x_axis == "time"


def test_those_looked_at_last_are_kept() -> None:
    for number in range(MOST_PRESETS + 3):
        keep_look(str(number), Look(log_scale=True))
        keep_look("a", Look(log_scale=True))
    assert look_at("a").log_scale
    assert look_at(str(MOST_PRESETS + 2)).log_scale
    assert look_at("0") == Look()


ENDLESS = '{"a": {"y_range": [-1.7e308, 1.7e308]}}'


@pytest.mark.parametrize(
    "text", ["", "[", "{}", '{"a": {"smoothing": 3}}', '{"a": 1}', "[" * 100_000, ENDLESS]
)
def test_a_file_that_is_something_else_is_passed_over(text) -> None:
    looks_file().parent.mkdir(parents=True)
    looks_file().write_text(text)
    assert look_at("a") == Look()
    keep_look("a", Look(log_scale=True))
    assert look_at("a").log_scale


def test_a_folder_that_cannot_be_made_is_passed_over(monkeypatch, tmp_path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    keep_look("a", Look(log_scale=True))
    assert look_at("a") == Look()


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("0.01 0.05", (0.01, 0.05)),
        (" 0.01, 0.05 ", (0.01, 0.05)),
        ("0.01..0.05", (0.01, 0.05)),
        ("1e-2 to 5e-2", (0.01, 0.05)),
        ("-1 1", (-1.0, 1.0)),
        ("", ()),
    ],
)
def test_a_range_as_people_type_it(typed, read) -> None:
    assert read_range(typed, log_scale=False) == read


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("0.1", "two numbers"),
        ("1 2 3", "two numbers"),
        ("low high", "two numbers"),
        ("2 1", "smaller"),
        ("nan 1", "smaller"),
        ("0 inf", "smaller"),
        ("-1.7e308 1.7e308", "at most 1e"),
        ("0 1", "above 0"),
    ],
)
def test_what_is_no_range_is_said(typed, why) -> None:
    with pytest.raises(ValueError, match=why):
        read_range(typed, log_scale=True)
