"""The widget draws its chart once a change and shows it line by line."""

import math

import pytest
from textual.app import App, ComposeResult

from aetui.ui.charts import loss_chart
from aetui.ui.charts.drawing import DARK, LIGHT
from aetui.ui.charts.loss_chart import LossChart
from aetui.ui.charts.losses import Losses, Sample

EMPTY = "The first test result comes before the first step"


def losses(epochs: int) -> Losses:
    test = [Sample(e, 100 * e, 30.0 * e, 0.03 + 0.2 * math.exp(-e)) for e in range(epochs + 1)]
    train = [Sample(i / 10, 10 * i, 3.0 * i, 0.03 + 0.1 / i) for i in range(1, 10 * epochs + 1)]
    return Losses({"train": train, "test": test}, planned_epochs=10, best_epoch=epochs)


class Host(App[None]):
    def compose(self) -> ComposeResult:
        yield LossChart()


def shown(chart: LossChart) -> list[str]:
    strips = [chart.render_line(y) for y in range(chart.size.height)]
    assert {strip.cell_length for strip in strips} == {chart.size.width}
    return [strip.text for strip in strips]


@pytest.mark.parametrize("size", [(140, 40), (78, 12)])
async def test_the_chart_follows_its_options(size: tuple[int, int]) -> None:
    async with Host().run_test(size=size) as pilot:
        chart = pilot.app.query_one(LossChart)
        chart.empty_text = EMPTY
        assert EMPTY in "\n".join(shown(chart))
        chart.losses = losses(7)
        drawn = shown(chart)
        assert "● test  0.0302" in "\n".join(drawn)
        assert "★ best on test 0.0302 at epoch 7" in drawn[0]
        assert drawn[-1].split()[0] == "0"
        assert drawn[-1].split()[-2:] == ["10", "epoch"]
        chart.x_axis = "step"
        assert shown(chart)[-1].split()[-2:] == ["700", "step"]
        chart.x_axis = "time"
        assert shown(chart)[-1].split()[-1] == "time"
        chart.log_scale, chart.smoothing = True, 0.6
        assert "log scale · train smoothed 0.6" in shown(chart)[0]
        chart.marked_epoch = 3
        drawn = shown(chart)
        assert "MSE per pixel · ┊ epoch 3, train 0.0333, test 0.0400 (+0.0098), 1 m 30 s" in drawn[0]
        assert any("┊" in line for line in drawn)


async def test_many_changes_are_one_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    draw = loss_chart.draw_chart
    monkeypatch.setattr(loss_chart, "draw_chart", lambda *args: drawn.append(1) or draw(*args))
    async with Host().run_test(size=(84, 30)) as pilot:
        chart = pilot.app.query_one(LossChart)
        for epochs in range(1, 11):
            chart.losses = losses(epochs)
        await pilot.pause()
        assert len(drawn) == 1
        chart.refresh()
        await pilot.pause()
        assert len(drawn) == 1


async def test_themes_and_sizes_are_followed() -> None:
    async with Host().run_test(size=(84, 30)) as pilot:
        chart = pilot.app.query_one(LossChart)
        chart.losses = losses(5)
        for theme, colors in (("textual-light", LIGHT), ("textual-dark", DARK)):
            pilot.app.theme = theme
            await pilot.pause()
            names = {s.style.color.name for s in chart.render_line(0) if s.style and s.style.color}
            assert {colors.text, colors.test} <= names
            assert all(s.style and s.style.bgcolor for s in chart.render_line(5))
        for size in ((30, 4), (1, 1), (200, 50)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert len(shown(chart)) == size[1]


async def test_times_that_are_no_numbers_are_left_out() -> None:
    spoilt = [Sample(1, 100, math.nan, 0.2), Sample(2, 200, 3.0, 0.1)]
    async with Host().run_test(size=(84, 30)) as pilot:
        chart = pilot.app.query_one(LossChart)
        chart.losses = Losses({"test": spoilt}, changes=((spoilt[0], "▴", "changed"),))
        chart.x_axis, chart.marked_epoch = "time", 1
        assert "● test  0.100" in "\n".join(shown(chart))
