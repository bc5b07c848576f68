"""The pictures of a run in the monitor: which are shown, through the epochs, played, with errors."""

from contextlib import asynccontextmanager

import numpy as np
import pytest

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.pictures.sheet import Sample, Sheet, to_png
from aetui.runs.events import EpochFinished, PreviewSaved, RunStarted, StateChanged
from aetui.runs.folder import create_run
from aetui.runs.log import EventWriter
from aetui.terminal.choice import Choice
from aetui.ui.app import AetuiApp
from aetui.ui.picture_book import PictureBook
from aetui.ui.settings import UNASKED, Settings
from aetui.ui.widgets import pictures_panel
from aetui.ui.widgets.loss_chart import LossChart
from aetui.ui.widgets.picture_grid import PictureGrid
from aetui.ui.widgets.pictures_panel import PicturesPanel


def saved(epoch, samples="fixed"):
    ending = "" if samples == "fixed" else f"_{samples}"
    return PreviewSaved(epoch, f"epoch_{epoch:04d}{ending}.png", epoch * 10, samples)


def book_of(*pages):
    book = PictureBook()
    book.update(pages)
    return book


def test_the_newest_page_is_followed_until_one_is_held():
    book = book_of()
    assert book.page is None
    assert not book.turn(1)
    book.update([saved(0), saved(1)])
    assert book.page == saved(1)
    assert book.turn(-1)
    book.update([saved(n) for n in range(4)])
    assert book.page == saved(0)
    assert not book.turn(-1)
    assert [book.turn(1) for _ in range(4)] == [True, True, True, False]
    assert book.follows
    book.update([saved(n) for n in range(5)])
    assert book.page == saved(4)


def test_other_samples_are_of_the_same_epoch():
    book = book_of(*(saved(n, s) for n in range(3) for s in ("fixed", "worst", "best")))
    book.turn(-1)
    pages = []
    for _ in range(3):
        pages.append(book.page)
        book.choose_next_samples()
    assert pages == [saved(1), saved(1, "worst"), saved(1, "best")]


def test_a_rewound_book_ends_at_the_newest():
    book = book_of(saved(0), saved(1))
    book.rewind()
    assert book.page == saved(0)
    assert book.turn(1)
    assert book.follows


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A run of three epochs whose reconstructions grow brighter."""
    monkeypatch.setattr(pictures_panel, "LEAST_SECONDS", 0.0)
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
        for words in ("epoch 3 · original, reconstruction", "[0] 0.0250", "[1] 0.0250"):
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
        assert "epoch 3 · worst: original, reconstruction" in text_of(pilot)
        assert "[0] 0.0250 ▲2" in text_of(pilot)
        await pilot.press("w")
        await pilot.pause()
        assert "epoch 3 · best: " in text_of(pilot)


async def test_the_error_map_and_its_range(folder):
    async with monitor(folder) as pilot:
        await pilot.press("e")
        await pilot.pause()
        assert "original, reconstruction, error ≤ 0.26" in text_of(pilot)


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


def test_pictures_of_one_step_are_pages_of_their_own():
    book = book_of(saved(0), PreviewSaved(0, "step_00000010.png", 10), saved(1), saved(2))
    turned = []
    while book.turn(-1):
        turned.append(book.page.file)
    assert turned == ["epoch_0001.png", "step_00000010.png", "epoch_0000.png"]


def test_the_end_of_a_shorter_list_follows_again():
    book = book_of(saved(0), saved(1), saved(0, "worst"), saved(2))
    book.turn(-1)
    book.choose_next_samples()
    assert book.page == saved(0, "worst")
    assert not book.turn(1)
    assert book.follows


async def test_the_last_pictures_are_shown_though_they_come_at_once(folder, monkeypatch):
    monkeypatch.setattr(pictures_panel, "LEAST_SECONDS", 0.3)
    async with monitor(folder) as pilot:
        panel = pilot.app.screen.query_one(PicturesPanel)
        history = pilot.app.screen.feed.history
        (panel._folder / "epoch_0004.png").write_bytes((panel._folder / "epoch_0003.png").read_bytes())
        history.previews.append(saved(4))
        panel.follow(history)
        while "epoch 4 · original" not in text_of(pilot):
            await pilot.pause(0.02)
