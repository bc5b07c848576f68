"""A run that ends by itself is told of, once."""

from types import SimpleNamespace

import pytest

from aetui.ui.app import AetuiApp
from aetui.ui.last_words import end_words


@pytest.mark.parametrize(("state", "rings"), [("finished", 1), ("failed", 1), ("stopped", 0)])
async def test_the_end_of_a_run_of_this_app_rings_once(app, scripted, monkeypatch, state, rings):
    rung, folder = [], scripted(state=state)
    monkeypatch.setattr(AetuiApp, "bell", lambda self: rung.append(1))
    monkeypatch.setattr("aetui.ui.app.LOOK_SECONDS", 0.01)
    ended = SimpleNamespace(folder=folder, at_work=False, alive=False)
    async with app().run_test() as pilot:
        pilot.app._untold = [ended]
        while pilot.app._untold:
            await pilot.pause(0.01)
        await pilot.pause(0.05)
    assert len(rung) == rings


def test_one_that_was_killed_is_told_of_too(scripted):
    """Its meta.json still says that it runs."""
    folder = scripted()
    folder.change_meta(pid=2**22 + 1, test_loss=0.0375)
    assert end_words(SimpleNamespace(folder=folder)) == "digits-mlp interrupted, test loss 0.0375"
