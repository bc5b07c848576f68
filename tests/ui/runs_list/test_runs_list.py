"""The table of runs: what is listed in which order, and what keys do with it."""

import pytest
from screen_text import text_of, until

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.runs import enqueue
from aetui.runs.create import create_run
from aetui.runs.event_log import EventWriter
from aetui.runs.events import EpochFinished, RunStarted
from aetui.runs.folder import RunFolder
from aetui.runs.labels import change_labels, read_labels
from aetui.runs.listing import list_runs
from aetui.runs.waiting import changed_queue, read_queue
from aetui.ui.comparison.screen import ComparisonScreen
from aetui.ui.menu.screen import MenuScreen
from aetui.ui.monitor.screen import MonitorScreen
from aetui.ui.runs_list.screen import RunsScreen
from aetui.ui.runs_list.table import RunsTable


@pytest.fixture
def ran(tmp_path):
    """A run with these changes whose test losses were these, started in this second of a minute."""

    def make(second: int, *changes: str, losses=(0.2, 0.1), state="finished", name="digits-mlp") -> RunFolder:
        preset = read_preset(find_preset("digits-mlp"), changes).model_copy(update={"name": name})
        folder = create_run(preset, "", tmp_path / "runs", tmp_path, changes=changes, state=state)
        started = f"2026-11-29T10:00:{second:02d}.000+00:00"
        writer = EventWriter(folder.events)
        writer.write(RunStarted(folder.name, name, "cpu", "CPU", 9, 10, 5, 50, 20, "digits"))
        for epoch, loss in enumerate(losses):
            writer.write(EpochFinished(epoch, 5 * epoch, 0.1, loss, 1.0, 9.0, 11.0 * epoch, 1.0, epoch > 0))
        last = losses[-1] if losses else None
        best = min(losses[1:], default=None)
        folder.change_meta(started=started, epochs=max(0, len(losses) - 1), test_loss=last, best_loss=best)
        return folder

    return make


async def opened(pilot) -> RunsScreen:
    await pilot.pause()
    await pilot.press("tab")
    await until(pilot, lambda: isinstance(pilot.app.screen, RunsScreen) and pilot.app.screen.focused)
    await read(pilot)
    return pilot.app.screen


async def read(pilot) -> None:
    """What the rows in sight show is read, and the settings that are looked for."""
    screen = pilot.app.screen
    table = screen.query_one(RunsTable)
    await until(pilot, lambda: not screen._stale and not screen._reader.behind(table.in_sight))


def listed(screen: RunsScreen) -> list[str]:
    """The runs in their order, by their folders' names; headings as they are."""
    return [row.run.run if row.run else row.heading for row in screen.query_one(RunsTable)._rows]


async def write(pilot, text: str) -> None:
    names = {" ": "space", ":": "colon", "<": "less_than_sign", ".": "full_stop", "=": "equals_sign"}
    await pilot.press(*(names.get(letter, letter) for letter in text))
    await pilot.pause()
    await read(pilot)


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_a_row_tells_what_a_run_is_and_what_it_reached(app, ran, size):
    ran(1, "train.seed=7", losses=(0.2, 0.1, 0.05, 0.06))
    async with app().run_test(size=size) as pilot:
        screen = await opened(pilot)
        text = text_of(pilot)
        for words in ("1 run, by started", "digits-mlp seed=7", "0.0500", "0.0600", "3/10", "█▁▂"):
            assert words in text, words
        assert ("10:00" in text, "kB" in text) == ((True, True) if size[0] > 80 else (False, False))
        await pilot.press("tab")
        await pilot.pause()
        assert isinstance(pilot.app.screen, MenuScreen)
        assert screen not in pilot.app.screen_stack


async def test_sorted_by_any_column_either_way_round(app, ran):
    first = ran(1, losses=(0.2, 0.3)).name
    second = ran(2, losses=(0.2, 0.1)).name
    third = ran(3, losses=(0.2,)).name
    async with app().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        assert listed(screen) == [third, second, first]
        await pilot.press("O")
        assert listed(screen) == [first, second, third]
        await pilot.press("o")
        await pilot.pause()
        assert "by best" in text_of(pilot)
        assert listed(screen) == [second, first, third], "what has none comes last"
        await pilot.press("O")
        assert listed(screen) == [first, second, third]


async def test_only_what_is_looked_for_and_grouped_by_a_setting(app, ran):
    small = ran(1, "latent=2", losses=(0.2, 0.3)).name
    large = [ran(second, "latent=16", f"seed={second}").name for second in (2, 3)]
    conv = ran(4, name="other").name
    async with app().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await pilot.press("slash")
        await write(pilot, "digits by:latent")
        assert listed(screen) == [
            "model.latent 2   1 run, best 0.300",
            small,
            "model.latent 16   2 runs, best 0.100, mean 0.100, worst 0.100",
            *large[::-1],
        ]
        assert "3 of 4 runs" in text_of(pilot)
        await write(pilot, " best<0.2 zz:3")
        assert "asks for nothing that runs have" in text_of(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert listed(screen) == [conv, *large[::-1], small]
        await pilot.press("slash")
        await write(pilot, "nothing")
        await pilot.press("enter")
        await pilot.pause()
        assert listed(screen) == []
        assert "nothing is found" in text_of(pilot)
        await pilot.press("space", "enter", "D", "asterisk", "r", "n", "escape")
        await pilot.pause()
        assert len(listed(screen)) == 4


async def test_marked_runs_are_compared_and_one_is_opened(app, ran):
    runs = [ran(second, f"seed={second}") for second in (1, 2, 3)]
    async with app().run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, MonitorScreen)
        await pilot.press("escape")
        await pilot.pause()
        await pilot.press("space", "space")
        await pilot.pause()
        assert "2 marked" in text_of(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, ComparisonScreen)
        compared = [member.feed.folder.name for member in pilot.app.screen._lineup.members]
        assert compared == [runs[1].name, runs[2].name]


async def test_labels(app, ran):
    folder = ran(1)
    other = ran(2)
    async with app().run_test(size=(140, 40)) as pilot:
        screen = await opened(pilot)
        await pilot.press("end", "e")
        await write(pilot, "mine")
        await pilot.press("enter", "n")
        await write(pilot, "a good one")
        await pilot.press("enter", "t")
        await write(pilot, "paper x paper")
        await pilot.press("enter", "asterisk")
        await pilot.pause()
        labels = read_labels(folder)
        assert (labels.name, labels.note, labels.tags) == ("mine", "a good one", ("paper", "x"))
        assert labels.starred
        assert "★ mine #paper #x a good one" in text_of(pilot)
        await pilot.press("n", "escape")
        assert read_labels(folder) == labels
        await pilot.press("a")
        await pilot.pause()
        assert listed(screen) == [other.name]
        await pilot.press("slash")
        await write(pilot, "is:archived")
        assert listed(screen) == [folder.name]
        await pilot.press("escape", "escape")
        await pilot.pause()
        assert "mine" not in text_of(pilot), "the menu leaves it out"


async def test_deleted_runs_are_taken_back(app, ran):
    runs = [ran(second) for second in (1, 2, 3)]
    live = ran(4, state="starting")
    live.change_meta(started="2999-01-01T00:00:00.000+00:00")
    async with app().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        await pilot.press("end", "D")
        await pilot.pause()
        assert not runs[0].path.exists()
        await pilot.press("home", "down", "space", "space", "D")
        await pilot.pause()
        assert len(listed(screen)) == 1
        taken = next(path for path in (live.path.parent / ".trash").iterdir() if path.name == runs[1].name)
        taken.rename(runs[1].path)
        await pilot.press("u", "u", "u")
        await pilot.pause()
        assert sorted(run.run for run in list_runs(live.path.parent)) == sorted(r.name for r in (*runs, live))
        notes = [note.message for note in pilot.app._notifications]
        assert notes[-1] == "Nothing was deleted here."


async def test_the_queue_from_here(app, ran, monkeypatch):
    workers = []
    monkeypatch.setattr(enqueue, "start_worker", lambda *folders: workers.append(folders))
    waiting = [ran(second, losses=(), state="waiting") for second in (1, 2)]
    with changed_queue(waiting[0].path.parent) as queue:
        queue.waiting = [run.name for run in waiting]
    async with app().run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        assert "2 in the queue" in text_of(pilot)
        await pilot.press("f", "p")
        await pilot.pause()
        assert "2 in the queue, which rests" in text_of(pilot)
        queue = read_queue(waiting[0].path.parent)
        assert (queue.waiting, queue.paused) == ([waiting[1].name, waiting[0].name], True)
        await pilot.press("D")
        await pilot.pause()
        assert read_queue(waiting[0].path.parent).waiting == [waiting[0].name]
        await pilot.press("u")
        await pilot.pause()
        assert read_queue(waiting[0].path.parent).waiting == [waiting[0].name, waiting[1].name]
        await pilot.press("p")
        assert len(workers) == 2
        assert not read_queue(waiting[0].path.parent).paused


async def test_foreign_words_are_shown_literally(app, ran):
    folder = ran(1, name="[red]x[/]\x1b[2J")
    change_labels(folder, note="[b]\x9b31m", tags=("\x07",))
    async with app().run_test(size=(140, 40)) as pilot:
        await opened(pilot)
        text = text_of(pilot)
        assert "[red]x[/]␛[2J #␇ [b]\\x9b31m" in text
        assert not {"\x1b", "\x9b", "\x07"} & set(text)


async def test_runs_that_come_and_move_are_seen(app, ran):
    ran(1)
    async with app().run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot)
        chosen = screen.query_one(RunsTable).chosen
        new = ran(2, losses=(0.2, 0.15))
        await until(pilot, lambda: listed(screen)[0] == new.name)
        assert screen.query_one(RunsTable).chosen == chosen, "the cursor stays on its run"
        new.change_meta(epochs=7, test_loss=0.01)
        await until(pilot, lambda: "7/10" in text_of(pilot))


async def test_hostile_states_and_losses(app, ran):
    """Neither sent to the terminal, nor the end of the table."""
    ran(1, losses=(0.2, 1.7e308, -1.7e308, 1e308, 1e308))
    odd = ran(2)
    for state in ("\x1b]0;PWNED\x07", "[/boom]"):
        odd.change_meta(state=state)
        async with app().run_test(size=(140, 40)) as pilot:
            await opened(pilot)
            assert "▁" in text_of(pilot)
            await pilot.press("r", "tab")
            await pilot.pause()
            await pilot.press("end", "up", "r")
            await pilot.pause()
            said = [note.message for note in pilot.app._notifications]
            assert said
            assert "\x1b" not in "".join(said)
            assert "\x1b" not in text_of(pilot)


async def test_keys_before_the_table_is_there_do_nothing(app, ran):
    runs = [ran(second) for second in (1, 2)]
    async with app().run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        pilot.app.screen.set_focus(None)
        await pilot.press("D", "a", "r", "O")
        await pilot.pause()
        assert all(run.path.exists() and not read_labels(run).archived for run in runs)
