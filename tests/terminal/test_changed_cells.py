"""What is left out of a frame is on the screen already: an independent terminal shows the same."""

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aetui.terminal.changed_cells import ChangedCells

COLUMNS, ROWS = 30, 4
"""Wide enough for all that is drawn: nothing is written beyond the last column."""
COLOURS = ("38;2;10;20;30;48;2;200;100;0", "38;2;10;20;30;48;2;0;0;0", "48;5;12", "97;101", "31")
STYLES = ("", "1", "1;31", "7;4", "4;31;40", *COLOURS)


def shown(screen: pyte.Screen) -> list[list[object]]:
    return [[screen.buffer[y][x] for x in range(COLUMNS)] for y in range(ROWS)]


def run(row: int, column: int, text: str, style: str) -> str:
    styled = f"\x1b[{style}m{text}\x1b[0m" if style else text
    return f"\x1b[{row + 1};{column + 1}H{styled}"


texts = st.text(st.sampled_from("ab ·▀⣿日\u0301"), min_size=1, max_size=6)
runs = st.builds(run, st.integers(0, ROWS - 1), st.integers(0, 5), texts, st.sampled_from(STYLES))
carried = runs.map(lambda text: f"\x1b7\x1b[0m{text}\x1b8")
others = st.sampled_from(["\x1b[?25h", "\x1b[?25l", "\x1b[2J", "\x1b[1;1H\x1b[K", "\x1bPq#0~\x1b\\", "x"])
frames = st.lists(st.one_of(runs, runs, runs, carried, others), max_size=6).map("".join)


@settings(max_examples=400, deadline=None)
@given(st.lists(frames, max_size=8))
def test_the_screen_is_the_same(drawn):
    """Wide and combining characters, styles, erasing, pictures, text without a place."""
    cells = ChangedCells()
    screens = [pyte.Screen(COLUMNS, ROWS) for _ in range(2)]
    plain, reduced = map(pyte.Stream, screens)
    for frame in drawn:
        plain.feed(frame)
        reduced.feed(cells.reduced(frame))
        assert shown(screens[1]) == shown(screens[0])


def test_only_what_changed_is_written():
    cells = ChangedCells()
    first = run(0, 0, "loss 0.1234", "31") + "\n" + run(1, 0, "step 10", "")
    assert "loss 0.1234" in cells.reduced(first)
    second = run(0, 0, "loss 0.1299", "31") + "\n" + run(1, 0, "step 10", "")
    assert cells.reduced(second) == "\x1b[1;10H\x1b[31m99\x1b[0m\x1b[2;8H"
    assert cells.reduced(second) == ""
    cells.forget()
    assert "step 10" in cells.reduced(second)


def test_a_few_cells_are_written_again_instead_of_a_move():
    cells = ChangedCells()
    cells.reduced(run(0, 0, "a----b", "31"))
    assert cells.reduced(run(0, 0, "A----B", "31")) == "\x1b[1;1H\x1b[31mA----B\x1b[0m"
    cells.reduced(run(0, 0, "a" + 20 * "-" + "b", ""))
    assert cells.reduced(run(0, 0, "A" + 20 * "-" + "B", "")).count("-") == 0


@pytest.mark.parametrize("graphic", ["\x1bPq#0~\x1b\\", "\x1b_Ga=p\x1b\\", "\x1b]0;title\x07"])
def test_what_is_no_text_passes_and_nothing_is_known_after_it(graphic):
    """A picture lies over cells: the spaces that erase it must not be left out."""
    cells = ChangedCells()
    spaces = run(2, 0, "    ", "")
    cells.reduced(spaces)
    assert cells.reduced(spaces + graphic) == spaces + graphic
    assert "    " in cells.reduced(spaces)
