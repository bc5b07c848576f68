"""The chart of a run by keys and by the mouse, and the table of its epochs."""

import shutil

import pytest
from live_runs import OLD_FOLDERS
from screen_text import text_of, until
from textual import events
from textual.widgets import DataTable, Input

from aetui.runs.event_log import EventWriter
from aetui.runs.events import EpochFinished
from aetui.runs.folder import RunFolder
from aetui.ui.charts.loss_chart import LossChart
from aetui.ui.monitor.epochs import EpochsScreen
from aetui.ui.monitor.pictures_panel import PicturesPanel


@pytest.fixture
def trained(tmp_path):
    """A finished run with pictures of epochs 0 and 1, and of one that has not ended."""
    (source,) = OLD_FOLDERS.glob("*old-mlp*")
    return RunFolder(shutil.copytree(source, tmp_path / "runs" / source.name))


def chart_of(pilot) -> LossChart:
    return pilot.app.screen.query_one(LossChart)


async def shown(pilot) -> None:
    await until(pilot, lambda: chart_of(pilot).losses.curves)


async def test_keys_zoom_and_go_along_the_axis(app, scripted):
    async with app(watch=scripted()).run_test(size=(140, 40)) as pilot:
        await shown(pilot)
        chart = chart_of(pilot)
        assert (chart.part, chart.chart().whole) == (None, 10)
        await pilot.press("plus", "equals_sign")
        assert chart.part == (7.5, 10.0)
        await pilot.press("left_square_bracket", "left_square_bracket")
        assert chart.part == (6.25, 8.75)
        await pilot.press("minus", "right_square_bracket", "right_square_bracket")
        assert chart.part == (5.0, 10.0)
        await pilot.press("home")
        assert chart.part is None
        await pilot.press("plus", "x")
        assert chart.part is None, "another axis is shown whole"


async def test_options_are_remembered_for_the_preset(app, scripted):
    first, other = scripted(), scripted("other")
    async with app(watch=first).run_test(size=(140, 40)) as pilot:
        await shown(pilot)
        await pilot.press("l", "x", "m", "m")
        assert chart_of(pilot).smoothing == 0.9
    for folder, seen in ((first, (True, "step", 0.9)), (other, (False, "epoch", 0.0))):
        async with app(watch=folder).run_test(size=(140, 40)) as pilot:
            await shown(pilot)
            chart = chart_of(pilot)
            assert (chart.log_scale, chart.x_axis, chart.smoothing) == seen


async def test_a_range_is_asked_for_and_home_forgets_it(app, scripted):
    async with app(watch=scripted()).run_test(size=(80, 24)) as pilot:
        await shown(pilot)
        await pilot.press("y")
        await pilot.pause()
        line = pilot.app.screen.query_one(Input)
        for typed, seen in (("5", "two numbers"), ("2 1", "the smaller number first")):
            line.value = typed
            await pilot.press("enter")
            await pilot.pause()
            assert seen in text_of(pilot)
        line.value = "0.02 0.06"
        await pilot.press("enter")
        await until(pilot, lambda: chart_of(pilot).y_range == (0.02, 0.06))
        assert chart_of(pilot).chart().y_range == (0.02, 0.06)
        await pilot.press("v")
        await pilot.pause()
        assert chart_of(pilot).chart().y_range is None, "it is one of losses"
        await pilot.press("v", "v", "home")
        await pilot.pause()
        assert chart_of(pilot).losses.are_losses
        assert chart_of(pilot).chart().y_range is None


async def test_the_mouse_points_at_an_epoch_zooms_and_goes_sideways(app, trained):
    async with app(watch=trained).run_test(size=(140, 40)) as pilot:
        await shown(pilot)
        chart = chart_of(pilot)
        await pilot.click(LossChart, offset=(8, 5))
        await until(pilot, lambda: chart.marked_epoch == 0)
        assert pilot.app.screen.query_one(PicturesPanel).epoch == 0
        assert "┊ epoch 0, test 0.2" in text_of(pilot)
        await pilot.click(LossChart, offset=(chart.size.width - 30, 5))
        await until(pilot, lambda: chart.marked_epoch is None, seconds=5)
        await pilot._post_mouse_events([scroll("Up")], LossChart, offset=(8, 5), button=0)
        low, high = chart.part
        assert (low, high - low) == (pytest.approx(0, abs=0.1), pytest.approx(chart.chart().whole / 2))
        await pilot._post_mouse_events([scroll("Right")], LossChart, offset=(8, 5), button=0)
        assert chart.part[0] == pytest.approx(low + (high - low) / 4)
        await pilot._post_mouse_events([scroll("Down")], LossChart, offset=(8, 5), button=0)
        assert chart.part is None


def scroll(way: str):
    return getattr(events, f"MouseScroll{way}")


async def test_a_table_of_all_epochs_leads_back_into_the_chart(app, trained):
    async with app(watch=trained).run_test(size=(100, 30)) as pilot:
        await shown(pilot)
        await pilot.press("t")
        await until(pilot, lambda: "images/s" in text_of(pilot))
        table = pilot.app.screen.query_one(DataTable)
        assert [str(table.get_row_at(row)[0]) for row in range(table.row_count)] == ["0", "★ 1"]
        assert table.cursor_row == 1
        await pilot.press("up", "enter")
        await until(pilot, lambda: chart_of(pilot).marked_epoch == 0)
        await pilot.press("t")
        await until(pilot, lambda: isinstance(pilot.app.screen, EpochsScreen))
        assert pilot.app.screen.query_one(DataTable).cursor_row == 0
        await pilot.press("t")
        await pilot.pause()
        assert not isinstance(pilot.app.screen, EpochsScreen)
        assert chart_of(pilot).marked_epoch == 0


async def test_the_table_grows_with_the_run(app, scripted):
    folder = scripted()
    async with app(watch=folder).run_test(size=(100, 30)) as pilot:
        await shown(pilot)
        await pilot.press("t")
        await until(pilot, lambda: pilot.app.screen.query_one(DataTable).row_count == 4)
        EventWriter(folder.events).write(EpochFinished(4, 628, 0.1, 0.02, 1.0, 1e4, 4.0, 0.1, True))
        table = pilot.app.screen.query_one(DataTable)
        await until(pilot, lambda: table.row_count == 5)
        assert table.cursor_row == 4, "the newest stays under the cursor"
        await pilot.press("up", "up")
        EventWriter(folder.events).write(EpochFinished(5, 785, 0.1, 0.01, 1.0, 1e4, 5.0, 0.1, True))
        await until(pilot, lambda: table.row_count == 6)
        assert table.cursor_row == 2, "an older one as well"
