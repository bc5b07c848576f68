"""Makes docs/screenshots/*.svg from the real app, really training. `make snapshots`"""

import asyncio
import tempfile
from pathlib import Path

from textual.pilot import Pilot

from aetui.config.shipped import find_preset
from aetui.config.sweeping import members, parse_vary, read_members
from aetui.runs import states
from aetui.runs.enqueue import Place, queue_runs
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
        monitor.action_ask("stop")
        await _until(pilot, lambda: monitor.feed.state == states.STOPPED)


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
    grid = members([parse_vary("latent=2,3,8,16")])
    path = find_preset("digits-mlp")
    presets = read_members(path, ["train.epochs=20"], grid)
    place = Place(settings.runs_dir, settings.data_dir, threads=1)
    folders = queue_runs(list(zip(presets, grid, strict=True)), "", place, at_once=2)
    change_labels(folders[2], note="enough", starred=True)
    await _until(
        pilot, lambda: not is_worked_off(settings.runs_dir) and not read_queue(settings.runs_dir).waiting
    )
    await pilot.press("tab")
    await pilot.pause(2.5)
    app.save_screenshot(f"runs-{name}.svg", str(FOLDER))
    await pilot.press("space", "space", "space", "space", "enter")
    await pilot.pause(1.0)
    await pilot.press("right")
    await pilot.pause(1.0)
    app.save_screenshot(f"comparison-{name}.svg", str(FOLDER))
    await pilot.press("escape", "escape")
    await pilot.pause()
    await pilot.press("escape")
    await pilot.pause()


async def _until(pilot: Pilot[None], condition) -> None:  # type: ignore[no-untyped-def]
    async with asyncio.timeout(120):
        while not condition():
            await pilot.pause(0.1)


if __name__ == "__main__":
    asyncio.run(main())
