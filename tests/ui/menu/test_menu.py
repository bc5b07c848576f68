"""The menu: runs told apart and reported about, keys that lead where people look."""

import re
from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from screen_text import text_of
from textual import events
from textual.pilot import Pilot
from textual.widgets import OptionList

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.runs.create import create_run
from aetui.runs.event_log import EventWriter
from aetui.runs.events import EpochFinished, FloorMeasured, ProbeMeasured, RunStarted, StateChanged
from aetui.runs.folder import RunFolder
from aetui.runs.history import History
from aetui.runs.listing import list_runs
from aetui.runs.report import read_history
from aetui.ui.app import AetuiApp
from aetui.ui.menu.run_card import day_words
from aetui.ui.menu.screen import MenuScreen
from aetui.ui.parts.earlier_runs import Outline, measured_pace

NOON = datetime.now().astimezone().replace(hour=12, minute=26, second=0, microsecond=0)


class Noon(datetime):
    """The clock stands still, so that no midnight comes between a run and its test."""

    @classmethod
    def now(cls, tz=None):
        return NOON.astimezone(tz)


@pytest.fixture(autouse=True)
def _noon(monkeypatch):
    monkeypatch.setattr("aetui.ui.menu.screen.datetime", Noon)
    monkeypatch.setattr("aetui.ui.menu.choices.datetime", Noon)


@pytest.fixture
def ran(tmp_path):
    """A run that has ended, as its folder tells."""

    def make(state: str, name: str = "digits-mlp", begun: datetime = NOON, reason: str = "") -> RunFolder:
        preset = read_preset(find_preset("digits-mlp")).model_copy(update={"name": name})
        folder = create_run(preset, name, tmp_path / "runs", tmp_path)
        folder.change_meta(state=state, started=begun.isoformat(), epochs=2, test_loss=0.03)
        writer = EventWriter(folder.events)
        writer.write(
            RunStarted(folder.name, name, "cpu", "CPU, 2 cores", 9, 10, 5, 50, 20, "generated digits")
        )
        writer.write(FloorMeasured(0.05))
        for epoch, loss in enumerate((0.11, 0.02, 0.03)):
            writer.write(EpochFinished(epoch, 5 * epoch, 0.1, loss, 11.0, 9.0, 11.0 * epoch, 1.0, epoch == 1))
        writer.write(ProbeMeasured(2, 10, 0.452, 0.401, 3.0))
        writer.write(StateChanged(state, reason))
        return folder

    return make


def whole_outline(folder: RunFolder) -> History:
    outline = Outline(folder)
    while outline.read_on():
        pass
    return outline.history


def run_rows(pilot: Pilot[None], first: int = 1) -> list[str]:
    """The rows of the list below the rule under the presets, or from the rule on."""
    choices = pilot.app.screen.query_one(OptionList)
    choices.scroll_end(animate=False, immediate=True)
    rows = [choices.render_line(y).text.strip() for y in range(choices.size.height)]
    return rows[next(y for y, row in enumerate(rows) if row.startswith("──")) + first :]


@pytest.mark.parametrize("size", [(60, 40), (80, 40), (140, 40)])
async def test_every_run_is_one_line_with_mark_name_and_time(app, ran, size):
    begun = [NOON, NOON + timedelta(seconds=7), NOON - timedelta(days=1)]
    for state, at in zip(("finished", "interrupted", "failed"), begun, strict=True):
        ran(state, begun=at)
    ran("stopped", "a-name-" * 10, NOON - timedelta(hours=1))
    async with app().run_test(size=size) as pilot:
        await pilot.pause()
        rows = [re.sub(" +", " ", row) for row in run_rows(pilot) if row]
    assert rows[:3] == ["Runs today", "! digits-mlp 12:26:07", "✓ digits-mlp 12:26:00"]
    assert re.fullmatch(r"■ a-name-[-a-z]+… 11:26", rows[3])
    assert rows[4:] == ["Runs yesterday", "✗ digits-mlp 12:26"]


async def test_lines_fill_the_list_with_and_without_its_scrollbar(app, ran):
    ran("finished")
    async with app().run_test(size=(80, 40)) as pilot:
        for height in (40, 16, 40):
            await pilot.resize_terminal(80, height)
            await pilot.pause()
            choices = pilot.app.screen.query_one(OptionList)
            assert choices.show_vertical_scrollbar == (height == 16)
            rows = run_rows(pilot, first=0)
            assert {len(row.strip()) for row in rows if "──" in row or "12:26" in row} == {27}


def test_days_are_said_as_people_say_them():
    today = date(2026, 1, 1)
    assert day_words(today, today) == "today"
    assert day_words(date(2025, 12, 31), today) == "yesterday"
    assert day_words(date(2025, 12, 30), today) == "on 30 Dec 2025"
    assert day_words(date(2026, 1, 1), date(2026, 3, 1)) == "on 1 Jan"


async def test_a_start_that_cannot_be_read_is_a_dash(app, ran):
    ran("finished").change_meta(started="then")
    async with app().run_test(size=(80, 40)) as pilot:
        await pilot.press("end")
        rows = run_rows(pilot)
        assert rows[0] == "Runs of an unknown day"
        assert rows[1].endswith("–")


async def test_a_run_tells_how_it_stands_why_and_what_it_reached(app, ran):
    ran("failed", reason="the disk is full")
    async with app().run_test(size=(140, 40)) as pilot:
        await pilot.press("end")
        await pilot.pause()
        text = text_of(pilot)
    for words in (
        "✗ failed",
        "The disk is full",
        "2 of 10, trained for 22 s",
        "0.0200 in epoch 1",
        "0.0500, from visible neighbours",
        "linear 45.2%, nearest neighbours 40.1%, after epoch 2",
        "CPU, 2 cores",
        "r tries again",
    ):
        assert words in text, words


def test_the_outline_of_a_run_is_its_history_read_piece_by_piece(scripted, monkeypatch):
    folder = scripted(state="stopped")
    whole, _ = read_history(folder)
    monkeypatch.setattr("aetui.runs.lines.MOST_BYTES", 600)
    outline, pieces = Outline(folder), 1
    while outline.read_on():
        pieces += 1
    assert pieces > 3
    assert outline.history == whole
    with folder.events.open("ab") as log:
        log.write(b'not json\n\xff\n{"event": "EpochFinished"')
    assert whole_outline(folder).epochs == whole.epochs
    assert whole_outline(RunFolder(folder.path / "none")) == History()


async def test_a_long_run_is_read_on_while_the_cursor_stays(app, ran, monkeypatch):
    first, second = ran("finished"), ran("stopped", begun=NOON - timedelta(minutes=1))
    monkeypatch.setattr("aetui.runs.lines.MOST_BYTES", 600)
    read = Counter()
    read_on = Outline.read_on

    def counted(outline: Outline) -> bool:
        read[outline] += 1
        return read_on(outline)

    monkeypatch.setattr(Outline, "read_on", counted)
    async with app().run_test(size=(100, 40)) as pilot:
        choices = pilot.app.screen.query_one(OptionList)
        choices.highlighted = choices.get_option_index(f"run:{first.name}")
        choices.highlighted = choices.get_option_index(f"run:{second.name}")
        explained = pilot.app.screen.query_one("#explained")
        while "linear 45.2%" not in text_of(explained):
            await pilot.pause(0.01)
        assert second.name in text_of(explained)
    assert max(read.values()) > 3


async def test_thousands_of_runs_are_read_behind_the_keys(app, ran, monkeypatch):
    runs = [ran("finished", begun=NOON - timedelta(minutes=n)) for n in range(70)]
    monkeypatch.setattr("aetui.ui.menu.screen.READ_SECONDS", 0.0)
    monkeypatch.setattr("aetui.ui.menu.screen.REFRESH_SECONDS", 3600.0)
    async with app().run_test(size=(100, 40)) as pilot:
        await pilot.press("down")
        assert isinstance(pilot.app.screen, MenuScreen)
        choices = pilot.app.screen.query_one(OptionList)
        newest = {f"run:{run.name}" for run in runs[:50]}
        while {
            option.id for option in choices.options if option.id and option.id.startswith("run:")
        } != newest:
            await pilot.pause(0.01)
        assert choices.highlighted == 2


async def test_the_time_to_expect_is_that_of_an_earlier_run(app, ran):
    async with app().run_test(size=(140, 40)) as pilot:
        await pilot.pause()
        assert "known after the first epoch" in text_of(pilot)
        ran("stopped")
        await pilot.press("down", "up")
        while "an epoch took 12 s here (CPU, 2 cores): about 2 m 00 s for 10 epochs" not in text_of(pilot):
            await pilot.pause(0.05)


def test_a_run_of_another_batch_size_tells_nothing_about_time(ran, tmp_path):
    ran("stopped")
    runs, runs_dir = list_runs(tmp_path / "runs"), tmp_path / "runs"
    preset = find_preset("digits-mlp")
    assert measured_pace(read_preset(preset, ["train.epochs=99"]), runs, runs_dir)
    assert measured_pace(read_preset(preset, ["train.batch_size=7"]), runs, runs_dir) is None


async def test_too_small_says_that_training_goes_on_only_where_it_does(app, monkeypatch):
    async with app().run_test(size=(40, 10)) as pilot:
        await pilot.pause()
        assert "too small" in text_of(pilot)
        assert "goes on" not in text_of(pilot)
        monkeypatch.setattr(AetuiApp, "training", ["a run"])
        await pilot.resize_terminal(41, 10)
        await pilot.pause()
        assert "Training goes on." in text_of(pilot).replace("\n", " ")


async def test_the_most_important_keys_come_first(app):
    async with app().run_test(size=(50, 20)) as pilot:
        await pilot.pause()
        last = text_of(pilot).splitlines()[-1]
        assert re.match(r"\s*⏎ Start\s+\? Help\s+q Quit", last), last


async def test_the_help_groups_the_keys_and_names_those_of_the_list(app):
    async with app().run_test(size=(80, 30)) as pilot:
        await pilot.press("question_mark")
        await pilot.pause()
        text = text_of(pilot)
    for words in ("Choose and start", "⏎", "↑", "↓", "tab", "esc", "Go elsewhere"):
        assert words in text, words
    assert text.index("menu.choose") < text.index("Go elsewhere") < text.index("app.quit")


async def test_right_leads_to_the_explanation_and_escape_leads_back(app, started):
    async with app().run_test(size=(80, 24)) as pilot:
        await pilot.press("right", "down", "down")
        await pilot.pause(0.2)
        card = pilot.app.screen.query_one("#card")
        assert card.has_focus
        assert card.scroll_offset.y > 0
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.app.screen.query_one(OptionList).has_focus
        await pilot.press("right", "enter")
        while not started:
            await pilot.pause(0.02)
    assert read_preset(started[0].config).name == "digits-mlp"


async def test_keys_in_quick_succession_keep_their_order(app, started):
    async with app().run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for key in ("down", "down", "enter"):  # as one burst of bytes arrives
            pilot.app.post_message(events.Key(key, None))
        while not started:
            await pilot.pause(0.02)
    assert read_preset(started[0].config).name == "shapes-conv-mae"


async def test_presets_and_runs_are_found_by_part_of_a_name_or_a_state(app, ran):
    ran("finished", "mnist-conv")
    ran("failed", "mine", reason="the disk is full")
    async with app().run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        choices = pilot.app.screen.query_one(OptionList)
        everything = choices.option_count
        await pilot.press("slash", *"mnist")
        await pilot.pause()
        names = {str(option.prompt).strip().split()[0] for option in choices.options if option.id}
        assert {"mnist-conv", "mnist-mlp"} <= names
        assert not any("digits" in name for name in names)
        await pilot.press(*["backspace"] * 5, *"failed", "enter")
        await pilot.pause()
        (found,) = [option.id for option in choices.options if option.id]
        assert "-mine-" in found
        assert choices.has_focus
        await pilot.press("slash", *"nonsense")
        await pilot.pause()
        assert "nothing of that name" in text_of(pilot.app)
        await pilot.press("escape")
        await pilot.pause()
        assert choices.option_count == everything
        assert choices.has_focus
