"""Changing a setting from the monitor: what may change is shown, what cannot be is told, the rest is sent."""

from screen_text import text_of, until
from textual.widgets import Input

from aetui.runs.event_log import EventWriter
from aetui.runs.events import SettingChanged, StateChanged
from aetui.ui.monitor.screen import MonitorScreen


async def test_a_setting_is_changed_while_it_trains(app, scripted):
    folder = scripted()
    async with app(watch=folder).run_test(size=(140, 40)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("h")
        await pilot.pause()
        text = text_of(pilot)
        assert "train.learning_rate=0.001" in text
        assert "noise.std" not in text, "it was begun without"
        line = pilot.app.screen.query_one(Input)
        for change, why in (("train.seed=1", "only train.learning_rate"), ("train.epochs=x", "expected")):
            line.value = change
            await pilot.press("enter")
            await pilot.pause()
            assert why in text_of(pilot)
        assert not folder.control.exists()
        line.value = "train.learning_rate=3e-4"
        await pilot.press("enter")
        await pilot.pause()
        assert folder.control.read_text() == "set train.learning_rate=3e-4\n"
        EventWriter(folder.events).write(SettingChanged(400, "train.learning_rate", "0.0003", "0.001"))
        await until(pilot, lambda: "learning_rate 0.0003" in text_of(pilot))
        folder.change_meta(state="finished")
        EventWriter(folder.events).write(StateChanged("finished"))
        await until(pilot, lambda: pilot.app.screen.feed.state == "finished")
        await pilot.press("h")
        await pilot.pause()
        assert isinstance(pilot.app.screen, MonitorScreen), "nothing trains it"
