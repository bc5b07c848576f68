"""A new run from the monitor: a checkpoint is chosen, mistakes are told, it is trained."""

import shutil

import pytest
from live_runs import OLD_FOLDERS
from screen_text import text_of, until
from textual.widgets import Input

from aetui.runs.checkpoint_index import read_index
from aetui.runs.folder import RunFolder
from aetui.ui.monitor.branching import BranchScreen
from aetui.ui.monitor.screen import MonitorScreen


@pytest.fixture
def trained(tmp_path):
    """A finished run with checkpoints of epochs 1 and 2."""
    (source,) = OLD_FOLDERS.glob("*old-mlp*")
    return RunFolder(shutil.copytree(source, tmp_path / "runs" / source.name))


@pytest.fixture
def begun(monkeypatch):
    """The runs that the app was to train."""
    asked: list[RunFolder] = []
    monkeypatch.setattr(
        "aetui.ui.app.AetuiApp.on_train_requested", lambda self, message: asked.append(message.folder)
    )
    return asked


def said(pilot) -> str:
    return " ".join(note.message for note in pilot.app._notifications)


async def test_a_branch_is_made_and_trained(app, trained, begun):
    entries = read_index(trained.checkpoints)
    async with app(watch=trained).run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("b")
        await pilot.pause()
        assert f"after epoch {entries[-1].epoch}, step {entries[-1].step:,}" in text_of(pilot)
        assert "the same once more" in text_of(pilot)
        line = pilot.app.screen.query_one(Input)
        for change, why in (("latent=99", "another model.encoder"), ("train.x='", "No closing quotation")):
            line.value = change
            await pilot.press("enter")
            await pilot.pause()
            assert why in text_of(pilot)
            assert isinstance(pilot.app.screen, BranchScreen)
        line.value = "train.learning_rate=3e-4 train.epochs=9"
        await pilot.press("down", "enter")
        await until(pilot, lambda: begun)
        assert not isinstance(pilot.app.screen, MonitorScreen), "it makes room for the new one"
    meta = begun[0].read_meta()
    assert (meta.branched_from, meta.branched_step) == (trained.name, entries[-2].step)
    assert meta.changes[-2:] == ["train.learning_rate=3e-4", "train.epochs=9"]


async def test_what_cannot_be_made_is_said(app, trained, begun):
    for file in trained.checkpoints.glob("*.pt"):
        file.write_bytes(b"damaged")
    async with app(watch=trained).run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("b", "enter")
        await until(pilot, lambda: "is damaged" in said(pilot))
        assert isinstance(pilot.app.screen, MonitorScreen)
    assert begun == []


async def test_a_run_without_checkpoints_and_one_without_a_list(app, scripted, trained, begun):
    folder = scripted()
    async with app(watch=folder).run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("b")
        await until(pilot, lambda: "no checkpoint yet" in said(pilot))
    (trained.checkpoints / "index.json").write_text("[")
    async with app(watch=trained).run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("b")
        await until(pilot, lambda: "The list of checkpoints is damaged" in said(pilot))
