"""Run folders of earlier versions are listed, shown, exported, watched and resumed."""

import json
import shutil

import pytest
from live_runs import OLD_FOLDERS

from aetui.cli import main
from aetui.runs.folder import RunFolder
from aetui.ui.app import AetuiApp
from aetui.ui.settings import Settings

NAMES = sorted(path.name for path in OLD_FOLDERS.iterdir())


@pytest.fixture(params=NAMES)
def folder(request, tmp_path) -> RunFolder:
    return RunFolder(shutil.copytree(OLD_FOLDERS / request.param, tmp_path / "runs" / request.param))


def test_it_is_listed_shown_and_exported(folder, tmp_path, capsys):
    assert main(["runs", "--json", "--runs", str(folder.path.parent)]) == 0
    (listed,) = json.loads(capsys.readouterr().out)
    assert listed["run"] == folder.name
    assert main(["show", str(folder.path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["damaged_lines"] == 0
    assert report["epochs"][-1]["test_loss"] == listed["test_loss"]
    assert report["checkpoints"]
    assert main(["export", str(folder.path), "--to", str(tmp_path / "out")]) == 0
    assert len(list((tmp_path / "out").iterdir())) == 2


async def test_it_is_watched(folder):
    app = AetuiApp(Settings(folder.path.parent, folder.path.parent), watch=folder)
    async with app.run_test(size=(140, 40)) as pilot:
        await pilot.pause()
        history = pilot.app.screen.feed.history
        assert history.newest.epoch == folder.read_meta().epochs
        assert history.previews


def test_it_is_resumed(folder, capsys):
    epochs = folder.read_meta().epochs + 1
    command = ["resume", str(folder.path), "--set", f"train.epochs={epochs}", "--threads", "1"]
    assert main(command) == 0
    said = capsys.readouterr().err
    assert f"resumed from epoch_{epochs - 1:04d}_step_" in said
    assert folder.read_meta().epochs == epochs
