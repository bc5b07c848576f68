"""The windows of the shape calculator and its receptive field, driven by keys."""

import numpy as np
import pytest
from calculator_pilot import calculator
from screen_text import text_of

from aetui.pictures.halfblocks import MOST_ERROR
from aetui.pictures.sheet import Sample, Sheet, to_png
from aetui.ui.calculator.field_drawing import FRAME, field_words
from aetui.ui.calculator.window_drawing import WindowDrawing


async def test_the_windows_are_stepped_through_by_keys(tmp_path):
    async with calculator(tmp_path, "7 conv 1 k3 s2 p1 d2", in_rows=True) as pilot:
        await pilot.press("end", "tab")
        await pilot.pause()
        assert "output 1 of 3 reads inputs 2 to 4, every 2nd and 1 of padding" in text_of(pilot)
        await pilot.press("right")
        await pilot.pause()
        assert "output 2 of 3 reads inputs 2 to 6, every 2nd" in text_of(pilot)
        await pilot.press("left", "left")
        await pilot.pause()
        assert "output 3 of 3" in text_of(pilot)


async def test_the_windows_play_only_where_animations_are_on(monkeypatch, tmp_path):
    monkeypatch.setattr("aetui.ui.calculator.window_drawing.STEP_SECONDS", 0.01)
    async with calculator(tmp_path, "1x4x4 conv 1 k3", (140, 40), in_rows=True) as pilot:
        await pilot.press("end")
        await pilot.pause(0.1)
        assert "rows: output 1 of 2 reads inputs 1 to 3" in text_of(pilot)
        assert "columns: output 1 of 2" in text_of(pilot)
        pilot.app.animation_level = "full"
        while "rows: output 2 of 2" not in text_of(pilot):
            await pilot.pause(0.01)
        await pilot.press("tab", "space")
        held = text_of(pilot)
        await pilot.pause(0.1)
        assert text_of(pilot) == held


async def test_the_receptive_field_is_drawn_on_a_picture_of_a_run(tmp_path):
    folder = tmp_path / "runs" / "20260101-000000-x-aaaa" / "previews"
    folder.mkdir(parents=True)
    async with calculator(
        tmp_path, "1x28x28 conv 16 k5 s2 p2, conv 1 k3 s3", (140, 40), in_rows=True
    ) as pilot:
        await pilot.press("end", "f")
        await pilot.pause()
        assert "No picture of 1x28x28 yet" in text_of(pilot)
        image = np.full((1, 28, 28, 1), 200, np.uint8)
        sheet = Sheet({"original": image, "reconstruction": image}, (Sample(0, "7"),))
        (folder / "epoch_0001.png").write_bytes(to_png(sheet))
        await pilot.press("f", "f")
        await pilot.pause()
        drawing = pilot.app.screen.query_one(WindowDrawing)
        assert "output 1, 1 depends on 7x7 pixels" in text_of(pilot)
        assert "(its field of 9x9 reaches" in text_of(pilot)
        drawing.focus()
        await pilot.press("down", "right")
        await pilot.pause()
        assert "output 2, 2 depends on 9x9 pixels" in text_of(pilot)
        drawn = drawing.render().split("\n")
        framed = [_runs_in_frame(line) for line in drawn[1:29]]
        # output 2 starts at 1 * jump 6 - padding 2: rows and columns 4 to 12, drawn twice as large
        assert [cells for cells in framed if cells] == [18, *[4] * 7, 18]


def _runs_in_frame(line):
    """Cells of a line with about the frame's colour above or below."""
    return sum(span.end - span.start for span in line.spans if any(map(_is_frame, _colours(span.style))))


def _colours(style):
    return [colour.triplet for colour in (style.color, style.bgcolor) if colour]


def _is_frame(colour):
    return all(abs(one - other) <= MOST_ERROR for one, other in zip(colour, FRAME, strict=True))


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        (None, "depends on no pixel"),
        ([(0, 4), (3, 5)], "depends on 5x3 pixels"),
        ([(-2, 4), (3, 5)], "depends on 5x3 pixels (its field of 7x3 reaches beyond the image)"),
        ([(0, 6), (0, 7)], "depends on all 7x8 pixels"),
        ([(-1, 6), (0, 7)], "depends on all 7x8 pixels (its field of 8x8 is larger)"),
        ([(9, 12), (0, 7)], "depends on 0x8 pixels (its field of 4x8 reaches beyond the image)"),
    ],
)
def test_what_an_output_depends_on_is_said_of_the_image(bounds, words):
    assert field_words(bounds, (7, 8)) == words


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("1x28x28 conv 8 k3 s2 p1", "receptive field 3x3, steps of 2, the first around input 1"),
        ("1x28x28 conv 8 k4 s2", "receptive field 4x4, steps of 2, the first around input 2.5"),
        ("28 flatten, linear 3", "receptive field 28, the same for every output"),
    ],
)
async def test_receptive_fields_are_said_in_plain_words(tmp_path, line, words):
    async with calculator(tmp_path, line, in_rows=True) as pilot:
        await pilot.press("end")
        await pilot.pause()
        assert words in text_of(pilot)
