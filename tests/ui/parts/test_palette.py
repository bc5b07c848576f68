"""The command palette finds every action of the screen below, and does it."""

import re

import pytest
from textual.command import CommandPalette

from aetui.ui.charts.loss_chart import LossChart


@pytest.mark.parametrize(
    ("words", "changed"),
    [("smooth", lambda chart: chart.smoothing > 0), ("log scale", lambda chart: chart.log_scale)],
)
async def test_an_action_is_found_by_what_it_does(app, scripted, words, changed):
    async with app(watch=scripted()).run_test(size=(100, 30)) as pilot:
        await pilot.pause(0.2)
        chart = pilot.app.screen.query_one(LossChart)
        await pilot.press("ctrl+p", *["space" if letter == " " else letter for letter in words])
        palette = pilot.app.screen
        assert isinstance(palette, CommandPalette)
        while not palette.query("OptionList").first().option_count:
            await pilot.pause(0.05)
        await pilot.press("down", "enter")
        while not changed(chart):
            await pilot.pause(0.05)


async def test_every_key_with_a_tooltip_is_offered_once_and_quitting_asks(app, scripted):
    async with app(watch=scripted()).run_test(size=(100, 30)) as pilot:
        await pilot.pause(0.2)
        screen = pilot.app.screen
        titles = [command.title for command in pilot.app.get_system_commands(screen)]
        active = [each.binding for each in screen.active_bindings.values() if each.enabled]
        tooltips = {binding.tooltip for binding in active if binding.id}
    assert len(titles) == len(set(titles))
    assert {tooltip.capitalize() for tooltip in tooltips if tooltip} <= {
        title.capitalize() for title in titles
    }
    assert "Quit" not in titles


async def test_what_the_screen_costs_is_told(app, scripted):
    async with app(watch=scripted()).run_test(size=(100, 30)) as pilot:
        (command,) = [c for c in pilot.app.get_system_commands(pilot.app.screen) if c.title == "Performance"]
        command.callback()
        await pilot.pause()
        (said,) = [note.message for note in pilot.app._notifications]
    assert re.fullmatch(r"[\d.]+% of a core since the start\n[\d.]+ [MG]B of memory", said)
