"""Makes docs/screenshots/*.svg from the real app, really training. `make snapshots`"""

import asyncio
import tempfile
from pathlib import Path

from textual.pilot import Pilot

from aetui.config.shipped import find_preset
from aetui.config.sweeping import members, parse_vary, read_members
from aetui.runs import states
from aetui.runs.create import Place
from aetui.runs.enqueue import queue_runs
from aetui.runs.folder import RunFolder
from aetui.runs.labels import change_labels
from aetui.runs.waiting import is_worked_off, read_queue
from aetui.ui.app import AetuiApp
from aetui.ui.editor.settings_list import SettingsList
from aetui.ui.monitor.screen import MonitorScreen
from aetui.ui.settings import Settings

FOLDER = Path(__file__).parent / "screenshots"
SIZES = ((80, 24), (140, 40))
EPOCHS_SHOWN = 7


async def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings(Path(folder) / "runs", Path(folder) / "data")
            await _shoot(AetuiApp(settings), size)


async def _shoot(app: AetuiApp, size: tuple[int, int]) -> None:
    name = f"{size[0]}x{size[1]}"
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        app.save_screenshot(f"menu-{name}.svg", str(FOLDER))
        await _shoot_settings(app, pilot, name)
        await _shoot_runs(app, pilot, name)
        await pilot.press("enter")
        await pilot.pause()
        monitor = app.screen
        assert isinstance(monitor, MonitorScreen)
        await _until(pilot, lambda: len(monitor.feed.history.epochs) > EPOCHS_SHOWN)
        await pilot.press("space")
        await _until(
            pilot, lambda: monitor.feed.state == states.PAUSED and monitor.feed.history.machine is not None
        )
        await pilot.pause(1.0)
        app.save_screenshot(f"monitor-{name}.svg", str(FOLDER))
        await _shoot_steering(app, pilot, name)
        await _shoot_chart(app, pilot, name)
        await pilot.press("b", *"train.learning_rate")
        await pilot.press("equals_sign", *"3e", "minus", "4")
        await pilot.pause(0.5)
        app.save_screenshot(f"branch-{name}.svg", str(FOLDER))
        await pilot.press("escape")
        monitor.action_ask("stop")
        await _until(pilot, lambda: monitor.feed.state == states.STOPPED)


async def _shoot_steering(app: AetuiApp, pilot: Pilot[None], name: str) -> None:
    """The dialog, then a run whose learning rate was changed two epochs ago."""
    monitor = app.screen
    assert isinstance(monitor, MonitorScreen)
    await pilot.press("h", "ctrl+u", *"train.learning_rate", "equals_sign", *"3e", "minus", "4")
    await pilot.pause(0.5)
    app.save_screenshot(f"change-{name}.svg", str(FOLDER))
    epochs = len(monitor.feed.history.epochs)
    await pilot.press("enter", "space")
    await _until(pilot, lambda: len(monitor.feed.history.epochs) > epochs + 1)
    await pilot.press("space")
    await _until(pilot, lambda: monitor.feed.state == states.PAUSED)
    await pilot.pause(1.0)
    app.save_screenshot(f"changed-{name}.svg", str(FOLDER))


async def _shoot_chart(app: AetuiApp, pilot: Pilot[None], name: str) -> None:
    """The newest part of the chart, read at an epoch; then the table of all epochs."""
    await pilot.press("left", "left", "plus", "m", "z")
    await pilot.pause(1.0)
    app.save_screenshot(f"chart-{name}.svg", str(FOLDER))
    await pilot.press("home", "m", "m", "m", "z", "z", "t")
    await pilot.pause(1.0)
    app.save_screenshot(f"epochs-{name}.svg", str(FOLDER))
    await pilot.press("escape")
    await pilot.pause(0.5)


async def _shoot_settings(app: AetuiApp, pilot: Pilot[None], name: str) -> None:
    """Two settings changed, a third being typed that cannot be."""
    await pilot.press("e")
    await pilot.pause()
    settings = app.screen.query_one(SettingsList)
    for key, typed in (("noise.std", "0.2"), ("train.epochs", "20"), ("train.batch_size", "0")):
        settings.highlighted = settings.get_option_index(key)
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press(*(letter if letter != "." else "full_stop" for letter in typed))
        if typed != "0":
            await pilot.press("enter")
        await pilot.pause()
    app.save_screenshot(f"settings-{name}.svg", str(FOLDER))
    await pilot.press("escape", "escape")
    await pilot.pause()


async def _shoot_runs(app: AetuiApp, pilot: Pilot[None], name: str) -> None:
    """A sweep that is worked off, as a table and compared."""
    settings = app._settings
    folders = _sweep(settings, "train.epochs=20", "latent=2,3,8,16")
    change_labels(folders[2], note="enough", starred=True)
    await pilot.press("tab")
    await _until(pilot, lambda: len(read_queue(settings.runs_dir).waiting) <= 1)
    await pilot.pause(2.5)
    app.save_screenshot(f"queue-{name}.svg", str(FOLDER))
    await _until_worked_off(pilot, settings)
    await pilot.pause(2.5)
    app.save_screenshot(f"runs-{name}.svg", str(FOLDER))
    await _compare(app, pilot, 4)
    app.save_screenshot(f"comparison-{name}.svg", str(FOLDER))
    await pilot.press("p")
    await pilot.pause(1.0)
    app.save_screenshot(f"comparison-pictures-{name}.svg", str(FOLDER))
    await pilot.press("escape", "escape", "escape")
    _sweep(settings, "train.epochs=10", "latent=3,8", "seed=0,1,2")
    await _until_worked_off(pilot, settings)
    await pilot.press("tab")
    await pilot.pause(2.5)
    await _compare(app, pilot, 6)
    app.save_screenshot(f"comparison-seeds-{name}.svg", str(FOLDER))
    await pilot.press("escape", "escape")
    await pilot.pause()
    await pilot.press("escape")
    await pilot.pause()


def _sweep(settings: Settings, change: str, *varied: str) -> list[RunFolder]:
    grid = members([parse_vary(text) for text in varied])
    presets = read_members(find_preset("digits-mlp"), [change], grid)
    place = Place(settings.runs_dir, settings.data_dir, threads=1)
    return queue_runs(list(zip(presets, grid, strict=True)), "", place, at_once=2)


async def _until_worked_off(pilot: Pilot[None], settings: Settings) -> None:
    await _until(
        pilot, lambda: not is_worked_off(settings.runs_dir) and not read_queue(settings.runs_dir).waiting
    )


async def _compare(app: AetuiApp, pilot: Pilot[None], runs: int) -> None:
    """The first rows of the table, read at the last epoch."""
    await pilot.press(*["space"] * runs, "enter")
    await pilot.pause(1.0)
    await pilot.press("right")
    await pilot.pause(1.0)


async def _until(pilot: Pilot[None], condition) -> None:  # type: ignore[no-untyped-def]
    async with asyncio.timeout(300):
        while not condition():
            await pilot.pause(0.1)


if __name__ == "__main__":
    asyncio.run(main())
