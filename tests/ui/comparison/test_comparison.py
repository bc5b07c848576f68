"""The comparison: curves of the same measure on one chart, a row a run; what becomes of runs meanwhile."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from screen_text import text_of, until

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.pictures.sheet import Sample, Sheet, to_png
from aetui.runs.create import create_run
from aetui.runs.event_log import EventWriter
from aetui.runs.events import BaselineMeasured, EpochFinished, PreviewSaved, RunStarted, StepsTrained
from aetui.runs.folder import RunFolder
from aetui.ui.app import AetuiApp
from aetui.ui.charts.chart import OfRun
from aetui.ui.charts.loss_chart import LossChart
from aetui.ui.comparison.lineup import MOST, Lineup
from aetui.ui.comparison.pictures import ComparedPictures
from aetui.ui.comparison.screen import ComparisonScreen
from aetui.ui.comparison.table import ComparisonTable
from aetui.ui.messages import CompareRequested
from aetui.ui.monitor.screen import MonitorScreen
from aetui.ui.pictures.picture_grid import PictureGrid
from aetui.ui.settings import Settings


def finished(epoch: int, loss: float) -> EpochFinished:
    return EpochFinished(epoch, 5 * epoch, 2 * loss, loss, 1.0, 9.0, 11.0 * epoch, 1.0, epoch > 0)


@pytest.fixture
def ran(tmp_path) -> Callable[..., RunFolder]:
    """A finished run of `digits-mlp` with these changes, whose test losses were these."""

    def make(*changes: str, losses=(0.2, 0.1), loss: str = "MSE per pixel", name="digits-mlp") -> RunFolder:
        preset = read_preset(find_preset("digits-mlp"), changes).model_copy(update={"name": name})
        folder = create_run(preset, "", tmp_path / "runs", tmp_path, state="finished")
        writer = EventWriter(folder.events)
        writer.write(RunStarted(folder.name, name, "cpu", "CPU", 9, 10, 5, 50, 20, "digits", loss=loss))
        writer.write(BaselineMeasured(f"PCA-{len(changes)}", 0.2))
        writer.write(StepsTrained(1, 4, 0.3, 0.3, 1000, 28_100.0, 3.2, 1e-3))
        for epoch, value in enumerate(losses):
            writer.write(finished(epoch, value))
        return folder

    return make


@pytest.fixture
def comparing(tmp_path) -> Callable[..., AetuiApp]:
    return lambda *folders: AetuiApp(Settings(tmp_path / "runs", tmp_path / "data"), compare=folders)


async def drawn(pilot) -> None:
    """All logs are read, and what is in them is shown."""

    def is_drawn() -> bool:
        screen = pilot.app.screen
        if not isinstance(screen, ComparisonScreen) or screen._stale or screen._lineup.behind:
            return False
        return all(member.feed.history.started for member in screen._lineup.members)

    await until(pilot, is_drawn)


def rows(app: AetuiApp) -> list[dict[str, str]]:
    """The table as text."""
    table = app.screen.query_one(ComparisonTable)
    heads = [str(column.label) for column in table.ordered_columns]
    return [
        dict(zip(heads, (cell.plain.strip() for cell in table.get_row_at(row)), strict=True))
        for row in range(table.row_count)
    ]


def letters(app: AetuiApp) -> list[str]:
    """Of the curves that are drawn, bounds left out; a chosen one's is a capital."""
    roles = app.screen.query_one(LossChart).losses.curves
    curves = [role for role in roles if isinstance(role, OfRun) and not role.edge]
    return [curve.letter.upper() if curve.chosen else curve.letter for curve in curves]


async def test_each_run_is_a_curve_and_a_row(ran, comparing):
    runs = ran("latent=8", losses=(0.2, 0.1, 0.05)), ran("latent=16", losses=(0.2, 0.3))
    async with comparing(*runs).run_test(size=(80, 24)) as pilot:
        await drawn(pilot)
        first, second = rows(pilot.app)
        assert (first["latent"], first["best"], first["epoch"], first["epochs"]) == (
            "8",
            "★ 0.0500",
            "2",
            "2",
        )
        assert (second["latent"], second["best"], second["last"]) == ("16", "0.300", "0.300")
        assert first["to what learns nothing"] == "75% below PCA-1"
        assert "a 8 0.0500" in text_of(pilot)
        assert "test loss, MSE per pixel" in text_of(pilot)
        assert letters(pilot.app) == ["A", "b"]
        await pilot.press("down", "t")
        await pilot.pause()
        assert letters(pilot.app) == ["a", "B"]
        assert "train loss" in text_of(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, MonitorScreen)
        assert pilot.app.screen.feed.folder.path == runs[1].path


async def test_curves_are_read_at_an_epoch(ran, comparing):
    runs = ran("latent=8", losses=(0.2, 0.1, 0.05, 0.04)), ran("latent=16", losses=(0.2, 0.3))
    async with comparing(*runs).run_test(size=(140, 40)) as pilot:
        await drawn(pilot)
        await pilot.press("left")
        await pilot.pause()
        assert [row["at 1"] for row in rows(pilot.app)] == ["0.100", "0.300"], (
            "the last that all have finished"
        )
        await pilot.press("right", "right", "right")
        await pilot.pause()
        assert [row["at 3"] for row in rows(pilot.app)] == ["0.0400", "–"]
        assert "┊ epoch 3" in text_of(pilot)
        assert [row["to lowest"] for row in rows(pilot.app)] == ["★", "–"]
        assert rows(pilot.app)[0]["after"] == "33 s"
        await pilot.press("escape")
        await pilot.pause()
        assert "at 3" not in rows(pilot.app)[0]
        assert isinstance(pilot.app.screen, ComparisonScreen)
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(pilot.app.screen, ComparisonScreen)


async def test_other_losses_are_not_drawn_on_the_same_axis(ran, comparing):
    runs = ran(), ran(loss="BCE per pixel"), ran("train.seed=1"), ran(losses=())
    async with comparing(*runs).run_test(size=(140, 40)) as pilot:
        await drawn(pilot)
        await pilot.press("s")
        await pilot.pause()
        assert letters(pilot.app) == ["A", "c", "d"]
        assert "3 of 4 are drawn: the others measure something else than MSE per pixel" in text_of(pilot)
        assert [row["best"] for row in rows(pilot.app)] == ["★ 0.100", "0.100", "★ 0.100", "–"]
        await pilot.press("down")
        await pilot.pause()
        assert letters(pilot.app) == ["B"]
        assert "BCE per pixel" in text_of(pilot)


async def test_live_runs_grow_and_deleted_ones_stay(ran, comparing):
    growing, gone = ran("latent=8"), ran("latent=16")
    async with comparing(growing, gone).run_test(size=(140, 40)) as pilot:
        await drawn(pilot)
        shutil.rmtree(gone.path)
        EventWriter(growing.events).write(finished(2, 0.01))
        await until(pilot, lambda: [row["best"] for row in rows(pilot.app)] == ["★ 0.0100", "0.100"])
        assert letters(pilot.app) == ["A", "b"]


async def test_foreign_names_and_presets_that_cannot_be_read(ran, comparing):
    odd, broken = ran(name="[red]x[/] \x1b[2J", losses=(0.2, float("nan"))), ran("latent=9")
    other = ran("latent=10")
    broken.config.write_text("[data")
    async with comparing(odd, broken, other).run_test(size=(140, 40)) as pilot:
        await drawn(pilot)
        assert [row["latent"] for row in rows(pilot.app)] == ["3", "?", "10"]
        assert "[red]x[/] " in text_of(pilot)
        assert "\x1b" not in text_of(pilot)


async def test_more_runs_than_letters(ran, app):
    async with app().run_test() as pilot:
        await pilot.pause()
        pilot.app.post_message(CompareRequested([ran()] * (MOST + 1)))
        await pilot.pause()
        assert not isinstance(pilot.app.screen, ComparisonScreen)
        (told,) = pilot.app._notifications
        assert told.message.startswith("53 runs are more than the 52")


def test_runs_are_read_in_turn(ran):
    lineup = Lineup([ran(), ran(), ran()])
    assert [lineup.poll(0) for _ in range(4)] == [True, True, True, False]
    assert [len(member.feed.history.epochs) for member in lineup.members] == [2, 2, 2]


def test_a_folder_that_is_none_of_a_run(tmp_path: Path, ran):
    from aetui.errors import AetuiError

    with pytest.raises(AetuiError, match="meta"):
        Lineup([ran(), RunFolder(tmp_path)])


async def test_several_seeds_are_one_curve_with_its_spread(ran, comparing):
    seeds = [ran("latent=8", f"train.seed={n}", losses=(0.2, 0.1 + n / 100, 0.05)[: 3 - n]) for n in range(2)]
    async with comparing(*seeds, ran("latent=16")).run_test(size=(140, 40)) as pilot:
        await drawn(pilot)
        curves = pilot.app.screen.query_one(LossChart).losses.curves
        found = {(role.letter, role.edge): [sample.loss for sample in curves[role]] for role in curves}
        assert found == {
            ("a", "lowest"): [0.2, 0.1],
            ("a", "highest"): [0.2, 0.11],
            ("a", ""): [pytest.approx(0.2), pytest.approx(0.105)],
            ("c", ""): [0.2, 0.1],
        }
        assert letters(pilot.app) == ["A", "c"]
        assert "a 8 0.105" in text_of(pilot)
        assert [row[""][0] for row in rows(pilot.app)] == ["a", "a", "c"]
        assert [row["seeds"] for row in rows(pilot.app)] == ["2: 0.0800 ± 0.042", "2: 0.0800 ± 0.042", "–"]
        await pilot.press("t")
        await pilot.pause()
        curves = pilot.app.screen.query_one(LossChart).losses.curves
        means = [curves[role] for role in curves if role.letter == "a" and not role.edge]
        assert [sample.loss for sample in means[0]] == [pytest.approx(0.4), pytest.approx(0.21)]
        await pilot.press("t", "s")
        await pilot.pause()
        assert letters(pilot.app) == ["A", "b", "c"]
        assert "seeds" not in rows(pilot.app)[0]
        await pilot.press("down", "s")
        await pilot.pause()
        assert letters(pilot.app) == ["A", "c"], "the group of the chosen one is told apart"


def draw(folder: RunFolder, epoch: int, value: int, side: int = 28, first: int = 0) -> None:
    """Pictures of a run whose reconstructions are all of this value."""
    original = np.full((16, side, side, 1), 255, np.uint8)
    known = tuple(Sample(first + n, f"[{n}]", 0.1) for n in range(16))
    sheet = Sheet({"original": original, "reconstruction": np.full_like(original, value)}, known)
    file = f"epoch_{epoch:04d}.png"
    (folder.previews / file).write_bytes(to_png(sheet))
    EventWriter(folder.events).write(PreviewSaved(epoch, file, 5 * epoch))


def pixels(app: AetuiApp) -> list[list[int]]:
    """Of each row the values of its pictures."""
    shown = app.screen.query_one(PictureGrid)._samples
    return [[int(view[row].mean()) for view in shown.views.values()] for row in range(len(shown.captions))]


async def test_pictures_of_the_same_images_a_run_a_row(ran, comparing):
    runs = [ran(f"latent={size}", losses=(0.2, 0.1, 0.05)) for size in (2, 3, 4, 5)]
    for number, folder in enumerate(runs[:2]):
        for epoch in range(3):
            draw(folder, epoch, 10 * (number + 1) + epoch)
    draw(runs[2], 1, 99, side=32)
    async with comparing(*runs).run_test(size=(80, 40)) as pilot:
        await drawn(pilot)
        await pilot.press("p")
        await until(pilot, lambda: pilot.app.screen.query_one(PictureGrid)._samples)
        assert pixels(pilot.app) == [[255] * 4, [12] * 4, [22] * 4]
        assert "2 of 4 runs have these" in text_of(pilot)
        assert "a  0.0500  latent=2" in text_of(pilot)
        await pilot.press("left", "left")
        await until(pilot, lambda: pixels(pilot.app) == [[255] * 4, [11] * 4, [21] * 4])
        assert "epoch 1" in text_of(pilot)
        assert "a  0.100  latent=2" in text_of(pilot)
        await pilot.press("down", "down")
        await until(pilot, lambda: pixels(pilot.app) == [[255] * 4, [99] * 4])
        (runs[0].previews / "epoch_0000.png").write_bytes(b"damaged")
        await pilot.press("up", "up", "left")
        await until(pilot, lambda: pixels(pilot.app) == [[255] * 4, [20] * 4])
        await pilot.press("p")
        await pilot.pause()
        assert pilot.app.screen.query_one("#curves").display
        assert not pilot.app.screen.query_one(ComparedPictures).display


async def test_runs_without_pictures_say_so_and_the_chosen_one_is_in_sight(ran, comparing):
    runs = [ran(f"latent={size}") for size in range(2, 10)]
    async with comparing(*runs).run_test(size=(80, 30)) as pilot:
        await drawn(pilot)
        await pilot.press("p")
        await until(pilot, lambda: "no pictures of these runs yet" in text_of(pilot))
        for number, folder in enumerate(runs):
            draw(folder, 1, number)
        await until(pilot, lambda: pilot.app.screen.query_one(PictureGrid)._samples)
        await pilot.press(*["down"] * 7)
        await until(pilot, lambda: "h  0.100  latent=9" in text_of(pilot))
        assert "the images" in text_of(pilot)
