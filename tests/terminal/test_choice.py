"""Which way of drawing pictures follows from what a terminal can."""

from dataclasses import replace

import pytest

from aetui.terminal.choice import choose
from aetui.terminal.detection import Terminal

FIELDS = ("cell_pixels", "colours", "unicode", "synchronised", "sixel", "kitty")
PLAIN = Terminal(
    name="xterm",
    inside="",
    columns=80,
    rows=24,
    cell_pixels=(10, 20),
    colours=256,
    unicode=True,
    synchronised=True,
    sixel=False,
    kitty=False,
    answered=True,
    reasons={name: f"why {name}" for name in FIELDS},
)


@pytest.mark.parametrize(
    ("differs", "protocol", "reason"),
    [
        ({"kitty": True, "sixel": True}, "kitty", "kitty graphics: why kitty"),
        ({"sixel": True}, "sixel", "sixel: why sixel"),
        ({"sixel": True, "inside": "tmux", "kitty": None}, "sixel", "sixel: why sixel"),
        ({}, "half", "half-blocks: the terminal answers neither kitty graphics nor sixel"),
        ({"inside": "tmux", "kitty": None}, "half", "half-blocks: no sixel, why sixel"),
        ({"inside": "screen", "sixel": None, "kitty": None}, "half", "half-blocks: why sixel"),
        ({"sixel": None, "kitty": None, "answered": False}, "half", "half-blocks: why sixel"),
        ({"unicode": False}, "ascii", "ASCII: the locale is not UTF-8 (why unicode)"),
        ({"colours": 2}, "ascii", "ASCII: no colours (why colours)"),
        (
            {"kitty": True, "cell_pixels": None},
            "half",
            "half-blocks: the terminal knows kitty graphics, but not the size of a cell (why cell_pixels)",
        ),
    ],
)
def test_the_best_is_chosen_and_says_why(differs, protocol, reason):
    choice = choose(replace(PLAIN, **differs), "auto")
    assert (choice.protocol, choice.reason) == (protocol, reason)


@pytest.mark.parametrize("requested", ["half", "ascii", "sixel", "kitty", "off"])
def test_a_request_is_followed(requested):
    choice = choose(PLAIN, requested)
    assert choice.protocol == requested
    assert choice.reason.endswith(": asked for")
    assert choice.cell_pixels == (10, 20)


def test_an_assumed_cell_is_said():
    choice = choose(replace(PLAIN, cell_pixels=None), "sixel")
    assert choice.cell_pixels == (10, 20)
    assert choice.reason == (
        "sixel: asked for; the terminal does not tell the size of a cell, 10x20 pixels are assumed"
    )
