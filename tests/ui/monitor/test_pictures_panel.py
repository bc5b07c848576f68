"""The pictures of a run in the monitor: which are shown, through the epochs, played, with errors."""

import re
from contextlib import asynccontextmanager

import numpy as np
import pytest
from textual.events import MouseScrollDown, MouseScrollUp
from textual.widgets import Static

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.pictures.sheet import Sample, Sheet, to_png
from aetui.runs.create import create_run
from aetui.runs.event_log import EventWriter
from aetui.runs.events import EpochFinished, PreviewSaved, RunStarted, StateChanged
from aetui.runs.history import History
from aetui.terminal.choice import Choice
from aetui.ui.app import AetuiApp
from aetui.ui.charts.loss_chart import LossChart
from aetui.ui.monitor import pictures_panel
from aetui.ui.monitor.pictures_panel import PicturesPanel
from aetui.ui.pictures.picture_grid import PictureGrid
from aetui.ui.settings import UNASKED, Settings


def saved(epoch, samples="fixed"):
    ending = "" if samples == "fixed" else f"_{samples}"
    return PreviewSaved(epoch, f"epoch_{epoch:04d}{ending}.png", epoch * 10, samples)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A run of three epochs whose reconstructions grow brighter."""
    monkeypatch.setattr(pictures_panel, "FIRST_SECONDS", 0.0)
    folder = create_run(read_preset(find_preset("digits-mlp")), "", tmp_path / "runs", tmp_path)
    writer = EventWriter(folder.events)
    writer.write(RunStarted(folder.name, "digits-mlp", "cpu", "CPU", 10, 3, 10, 100, 16, "generated digits"))
    for epoch in range(4):
        loss = 0.1 / (epoch + 1)
        writer.write(EpochFinished(epoch, epoch * 10, loss if epoch else None, loss, 1, 10, 1, 0.1, False))
        for samples in ("fixed", "worst", "best"):
            event = saved(epoch, samples)
            original = np.full((16, 28, 28, 1), 255, np.uint8)
            known = tuple(Sample(n, f"[{n}]", loss, 1 + n, 3 + n if epoch > 1 else None) for n in range(16))
            sheet = Sheet({"original": original, "reconstruction": original // 4 * epoch}, known, samples)
            (folder.previews / event.file).write_bytes(to_png(sheet))
            writer.write(event)
    writer.write(StateChanged("finished"))
    return folder


@asynccontextmanager
async def monitor(folder, size=(140, 40), images=UNASKED):
    app = AetuiApp(Settings(folder.path.parent, folder.path.parent, images=images), watch=folder)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield pilot


def text_of(pilot):
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())


async def test_the_newest_pictures_with_label_and_error(folder):
    async with monitor(folder) as pilot:
        text = text_of(pilot)
        for words in (
            "epoch 3 · original / reconstruction",
            "pictures 1–3 of 16",
            "[0] 0.0250",
            "[1] 0.0250",
        ):
            assert words in text, words


async def test_epochs_are_stepped_through_and_marked_in_the_chart(folder):
    async with monitor(folder) as pilot:
        chart = pilot.app.screen.query_one(LossChart)
        assert chart.marked_epoch is None
        await pilot.press("left", "left")
        await pilot.pause()
        assert "epoch 1 · original" in text_of(pilot)
        assert chart.marked_epoch == 1
        assert "┊" in text_of(pilot)
        await pilot.press(*["left"] * 5)
        assert "epoch 0 · original" in text_of(pilot)
        await pilot.press(*["right"] * 3)
        await pilot.pause()
        assert "epoch 3 · original" in text_of(pilot)
        assert chart.marked_epoch is None


async def test_they_play_from_the_first_to_the_newest(folder):
    async with monitor(folder) as pilot:
        seen = []
        panel = pilot.app.screen.query_one(PicturesPanel)
        panel.watch(panel, "epoch", lambda epoch: seen.append(epoch), init=False)
        await pilot.press("p")
        while panel.epoch is not None:
            await pilot.pause(0.05)
        assert seen == [0, 1, 2, None]


async def test_worst_and_best_tell_how_they_moved(folder):
    async with monitor(folder) as pilot:
        await pilot.press("w")
        await pilot.pause()
        assert "epoch 3 · worst: original / reconstruction" in text_of(pilot)
        assert "[0] 0.0250 ▲2" in text_of(pilot)
        await pilot.press("w")
        await pilot.pause()
        assert "epoch 3 · best: " in text_of(pilot)


async def test_the_error_map_and_its_range(folder):
    async with monitor(folder) as pilot:
        await pilot.press("e")
        await pilot.pause()
        assert "error ≤ 0.5" in text_of(pilot)


async def test_a_damaged_file_is_a_sentence(folder):
    (folder.previews / "epoch_0002.png").write_bytes(b"no png")
    async with monitor(folder) as pilot:
        await pilot.press("left")
        await pilot.pause()
        grid = pilot.app.screen.query_one(PictureGrid)
        lines = [grid.render_line(y).text for y in range(grid.size.height)]
        assert "epoch_0002.pngcannotbeshown:itisnotaPNG" in "".join(lines).replace(" ", "")
        await pilot.press("right")
        await pilot.pause()
        assert "[0] 0.0250" in text_of(pilot)


async def test_zoom_goes_to_the_chart_then_to_the_pictures(folder):
    async with monitor(folder, (80, 24)) as pilot:
        panel = pilot.app.screen.query_one(PicturesPanel)
        await pilot.press("z")
        await pilot.pause()
        assert not panel.display or panel.region.height == 0
        await pilot.press("z")
        await pilot.pause()
        assert panel.region.height > 15
        await pilot.press("z")
        await pilot.pause()
        assert pilot.app.screen.query_one(LossChart).region.height > 4


async def test_pictures_off_say_so(folder):
    async with monitor(folder, images=Choice("off", "no pictures: asked for", (10, 20))) as pilot:
        assert "pictures are off" in text_of(pilot)


async def test_the_last_pictures_are_shown_though_they_come_at_once(folder, monkeypatch):
    monkeypatch.setattr(pictures_panel, "FIRST_SECONDS", 0.3)
    async with monitor(folder) as pilot:
        panel = pilot.app.screen.query_one(PicturesPanel)
        history = pilot.app.screen.feed.history
        (panel._folder / "epoch_0004.png").write_bytes((panel._folder / "epoch_0003.png").read_bytes())
        history.apply(saved(4), 0.0)
        panel.follow(history, live=True)
        while "epoch 4 · original" not in text_of(pilot):
            await pilot.pause(0.02)


async def test_samples_that_have_no_room_are_a_page_away(folder):
    async with monitor(folder) as pilot:
        panel = pilot.app.screen.query_one(PicturesPanel)
        seen = []
        for _ in range(6):
            seen.append(re.search(r"pictures (\S+) of 16", text_of(pilot)).group(1))
            panel.next_samples()
            await pilot.pause()
        assert seen == ["1–3", "4–6", "7–9", "10–12", "13–15", "14–16"]
        assert "[13] 0.0250" in text_of(pilot)
        await pilot.press("left")
        await pilot.pause()
        assert "pictures 14–16 of 16" in text_of(pilot)
        assert "[13] 0.0333" in text_of(pilot)
        panel.previous_samples()
        await pilot.pause()
        assert "pictures 11–13 of 16" in text_of(pilot)
        await pilot.press("w")
        await pilot.pause()
        assert "pictures 1–3 of 16" in text_of(pilot)


async def test_a_larger_screen_shows_the_samples_before_the_last_ones(folder):
    async with monitor(folder, (80, 24)) as pilot:
        panel = pilot.app.screen.query_one(PicturesPanel)
        for _ in range(20):
            panel.next_samples()
        await pilot.pause()
        assert "original, reconstruction · 15–16 of 16" in text_of(pilot)
        await pilot.press("z", "z")
        await pilot.pause()
        assert "original / reconstruction · 12–16 of 16" in text_of(pilot)


async def test_the_wheel_turns_the_samples(folder):
    async with monitor(folder) as pilot:
        panel = pilot.app.screen.query_one(PicturesPanel)
        await pilot._post_mouse_events([MouseScrollDown], PicturesPanel, button=0)
        assert panel.border_title == "pictures 4–6 of 16"
        await pilot._post_mouse_events([MouseScrollUp], PicturesPanel, button=0)
        assert panel.border_title == "pictures 1–3 of 16"


@pytest.mark.parametrize(
    ("live", "said"),
    [
        (True, "the first pictures come with the test before the first step"),
        (False, "no pictures: the run ended before its first test"),
    ],
)
async def test_where_there_are_no_pictures_it_is_said_why(folder, live, said):
    async with monitor(folder) as pilot:
        panel = pilot.app.screen.query_one(PicturesPanel)
        panel.follow(History(), live=True)
        panel.follow(History(), live=live)
        grid = panel.query_one(PictureGrid)
        assert said in " ".join(grid.render_line(y).text.strip() for y in range(grid.size.height))
        panel.follow(pilot.app.screen.feed.history, live=live)
        await pilot.pause()
        assert "epoch 3" in text_of(pilot)


@pytest.mark.parametrize(
    ("predicted", "captions"),
    [
        (
            "triangle",
            ["crescent→triangle 0.250 ▲2", "crescent→triangle 0.250", "crescent→triangle", "cresce→triang"],
        ),
        ("crescent", ["crescent 0.250 ▲2", "crescent 0.250"]),
        (None, ["crescent 0.250 ▲2", "crescent 0.250"]),
    ],
)
def test_a_mistaken_class_is_named(predicted, captions):
    sample = Sample(0, "crescent", 0.25, place=3, place_before=5, predicted=predicted)
    assert pictures_panel._captions(sample) == captions


async def test_the_line_has_a_second_row_only_where_its_text_needs_one(folder):
    async with monitor(folder, size=(80, 24)) as pilot:
        panel = pilot.app.screen.query_one(PicturesPanel)
        line = panel.query_one(Static)
        await pilot.press("e")
        for width in (*range(80, 50, -3), 80):
            await pilot.resize_terminal(width, 24)
            await pilot.pause()
            text = str(line.content)
            assert line.size.height == (1 if len(text) <= panel.content_size.width else 2), text


async def test_page_keys_turn_the_pictures_but_for_a_panel_that_scrolls(folder):
    async with monitor(folder, size=(80, 24)) as pilot:
        grid = pilot.app.screen.query_one(PictureGrid)
        await pilot.press("pagedown")
        assert grid.first == grid.shown > 0
        await pilot.press("5", "pagedown", "1")
        assert grid.first == grid.shown
        await pilot.press("pageup")
        assert grid.first == 0
