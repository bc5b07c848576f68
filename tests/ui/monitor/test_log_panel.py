"""The log: all its lines whenever it is shown, as wide as it is, its end in sight."""

import re

from screen_text import text_of
from textual.app import App, ComposeResult

from aetui.runs.history import MOST_NOTES, Note
from aetui.ui.monitor.log_panel import LogPanel

LONG = "the words of this line are many " * 5


class Host(App[None]):
    """An app with the log alone, as high as the screen."""

    CSS = "LogPanel { height: 1fr; } .hidden { display: none; }"

    def compose(self) -> ComposeResult:
        yield LogPanel()

    @property
    def log_panel(self) -> LogPanel:
        return self.query_one(LogPanel)

    def add(self, *numbers: int, text: str = "") -> None:
        for number in numbers:
            self.log_panel.add(Note(number, 0.0, f"line {number} {text}"))


async def test_lines_that_came_while_it_was_hidden_are_there():
    async with Host().run_test(size=(80, 24)) as pilot:
        pilot.app.log_panel.add_class("hidden")
        await pilot.pause()
        pilot.app.add(*range(5))
        await pilot.pause()
        pilot.app.log_panel.remove_class("hidden")
        pilot.app.add(5)
        await pilot.pause()
        assert all(f"line {number} " in text_of(pilot) for number in range(6))


async def test_lines_are_wrapped_to_the_width_there_is():
    async with Host().run_test(size=(60, 24)) as pilot:
        pilot.app.add(1, text=LONG)
        await pilot.pause()
        for width in (140, 60, 100):
            await pilot.resize_terminal(width, 24)
            await pilot.pause()
            lines = [line.rstrip() for line in text_of(pilot).split("\n")]
            assert width - 8 <= max(map(len, lines)) <= width
            assert " ".join(" ".join(lines).split()).endswith(f"line 1 {LONG}".strip())
            assert not pilot.app.log_panel.show_horizontal_scrollbar


async def test_the_newest_line_stays_in_sight_until_you_scroll_up():
    async with Host().run_test(size=(80, 10)) as pilot:
        pilot.app.log_panel.focus()
        pilot.app.add(*range(40))
        await pilot.pause()
        assert "line 39 " in text_of(pilot)
        await pilot.resize_terminal(40, 7)
        await pilot.pause()
        assert "line 39 " in text_of(pilot).split("\n")[-1]
        await pilot.press("up", "up", "up")
        await pilot.pause(0.3)
        held = re.findall(r"line \d+ ", text_of(pilot))
        assert "line 39 " not in held
        pilot.app.add(40)
        await pilot.pause()
        assert re.findall(r"line \d+ ", text_of(pilot)) == held
        await pilot.press("end")
        await pilot.pause(0.3)
        pilot.app.add(41)
        await pilot.pause()
        assert "line 41 " in text_of(pilot)


async def test_few_lines_stand_at_the_top():
    async with Host().run_test(size=(80, 10)) as pilot:
        pilot.app.log_panel.focus()
        pilot.app.add(1)
        await pilot.press("up", "down", "end")
        assert "line 1 " in text_of(pilot).split("\n")[0]
        pilot.app.add(*range(2, 30))
        await pilot.pause()
        assert "line 29 " in text_of(pilot)


async def test_the_oldest_of_too_many_go_and_all_are_literal():
    async with Host().run_test(size=(80, 10)) as pilot:
        pilot.app.add(*range(MOST_NOTES + 3), text="[/x][red]\x1b[31m")
        await pilot.pause()
        assert f"line {MOST_NOTES + 2} [/x][red]␛[31m" in text_of(pilot)
        pilot.app.log_panel.scroll_home(animate=False)
        await pilot.pause()
        assert "line 3 " in text_of(pilot).split("\n")[0]
