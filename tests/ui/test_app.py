"""The app's screens, driven by keys, on run folders written for the purpose."""

import socket
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import OptionList

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.devices.machine import MachineSampled
from aetui.runs.events import CheckpointSaved, EpochFinished, RunStarted, StateChanged, StepsTrained
from aetui.runs.folder import RunFolder, create_run
from aetui.runs.log import EventWriter
from aetui.ui.app import AetuiApp
from aetui.ui.screens.help import HelpScreen
from aetui.ui.screens.menu import MenuScreen
from aetui.ui.screens.monitor import MonitorScreen
from aetui.ui.settings import Settings
from aetui.ui.widgets.loss_chart import LossChart

HOSTILE = [
    "[/x]",
    "[@click=app.quit]",
    "[bold",
    "\x1b[31m\x1b]0;x\x07",
    "\u202eevil",
    "日本語👩",
    "a\x00b",
    "x" * 4096,
]


@pytest.fixture
def scripted(tmp_path) -> Callable[..., RunFolder]:
    """A run of ten epochs, three of them finished, that says this process trains it."""

    def make(name: str = "digits-mlp", state: str = "running") -> RunFolder:
        preset = read_preset(find_preset("digits-mlp")).model_copy(update={"name": name})
        folder = create_run(preset, name, tmp_path / "runs", tmp_path)
        process = psutil.Process()
        folder.change_meta(
            pid=process.pid, pid_started=process.create_time(), host=socket.gethostname(), state=state
        )
        writer = EventWriter(folder.events)
        writer.write(RunStarted(folder.name, name, "cpu", name, 219_891, 10, 157, 10_000, 2_000, name))
        writer.write(StateChanged("running"))
        for epoch in range(4):
            train = None if epoch == 0 else 0.1 / epoch
            writer.write(
                EpochFinished(
                    epoch, epoch * 157, train, 0.11 / (epoch + 1), 1.0, 1e4, float(epoch), 0.1, epoch > 0
                )
            )
        writer.write(StepsTrained(4, 500, 0.03, 0.031, 1000, 28_100.0, 3.2, 1e-3))
        writer.write(CheckpointSaved(3, 471, name + ".pt", "0" * 64, 10, True))
        writer.write(MachineSampled(50.0, 40.0, 10**9, 10**10, 10**8, gpu_name=name, gpu_percent=99.0))
        if state != "running":
            writer.write(StateChanged(state, name))
        return folder

    return make


@pytest.fixture
def app(tmp_path) -> Callable[..., AetuiApp]:
    return lambda **extra: AetuiApp(Settings(tmp_path / "runs", tmp_path / "data"), **extra)


@pytest.fixture(autouse=True)
def answering(monkeypatch) -> dict[str, str | None]:
    """What hosts answer; nothing is really asked."""
    answers: dict[str, str | None] = {"mnist": "a.example"}
    monkeypatch.setattr("aetui.data.reach.answering_host", lambda source: answers.get(source.name))
    return answers


def text_of(pilot: Pilot[None]) -> str:
    """The screen as the terminal would get it; empty before it is laid out."""
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())


@pytest.mark.parametrize("size", [(80, 24), (140, 40), (200, 60)])
async def test_the_menu_explains_a_preset_before_it_is_started(app, size):
    async with app().run_test(size=size) as pilot:
        await pilot.press(*["down"] * 4)
        await pilot.pause()
        text = text_of(pilot)
        for words in ("mnist-conv", "to download", "11.6 MB", "conv 16 k3 s2 p1", "64x1x1", "210k"):
            assert words in text, words


@pytest.mark.parametrize("size", [(80, 24), (140, 40), (200, 60)])
async def test_the_monitor_tells_what_matters_at_a_glance(app, scripted, size):
    async with app(watch=scripted()).run_test(size=size) as pilot:
        await pilot.pause(0.2)
        text = text_of(pilot)
        for words in (
            "digits-mlp",
            "running",
            "epoch  4/10",
            "32%",
            "images/s",
            "left",
            "test  0.0275",
            "best 0.0275",
        ):
            assert words in text, words
        if size[0] >= 120:
            for words in ("99 %", "220k", "epoch 3: train 0.0333", "the first pictures come"):
                assert words in text, words


async def test_number_keys_choose_the_panel_of_a_small_screen(app, scripted):
    async with app(watch=scripted()).run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.2)
        shown = []
        for key in "2345":
            await pilot.press(key)
            shown.append(text_of(pilot))
    for text, words in zip(shown, ("train loss", "99 %", "epoch 3: train", "linear 128"), strict=True):
        assert words in text


async def test_keys_change_the_chart(app, scripted):
    async with app(watch=scripted()).run_test(size=(140, 40)) as pilot:
        await pilot.pause(0.2)
        chart = pilot.app.screen.query_one(LossChart)
        await pilot.press("l", "m", "x")
        assert (chart.log_scale, chart.smoothing > 0, chart.x_axis) == (True, True, "step")
        await pilot.press("l", "m", "x", "x", "z")
        assert (chart.log_scale, chart.smoothing, chart.x_axis) == (False, 0, "epoch")
        await pilot.pause()
        assert chart.size.width > 130


async def test_keys_become_commands_in_the_run_folder(app, scripted):
    folder = scripted()
    async with app(watch=folder).run_test(size=(140, 40)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("space", "c", "s")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
    assert folder.control.read_text().split() == ["pause", "checkpoint", "stop"]


async def test_a_run_that_ended_takes_no_commands(app, scripted):
    folder = scripted(state="failed")
    async with app(watch=folder).run_test(size=(140, 40)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("space", "c", "s")
        await pilot.pause()
        assert isinstance(pilot.app.screen, MonitorScreen)
    assert not folder.control.exists()


async def test_a_run_whose_process_died_is_shown_as_interrupted(app, scripted):
    folder = scripted()
    folder.change_meta(pid_started=1.0)
    async with app(watch=folder).run_test(size=(140, 40)) as pilot:
        while "interrupted" not in text_of(pilot):
            await pilot.pause(0.1)


async def test_keys_can_be_changed(app, scripted, tmp_path, monkeypatch):
    (tmp_path / "keys.toml").write_text('"run.pause" = "f5"\n')
    monkeypatch.setattr("aetui.ui.app.keys_file", lambda: tmp_path / "keys.toml")
    folder = scripted()
    async with app(watch=folder).run_test(size=(140, 40)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("space")
        assert not folder.control.exists()
        await pilot.press("f5")
        await pilot.pause()
    assert folder.control.read_text().split() == ["pause"]


async def test_help_lists_every_key_of_the_screen_below(app, scripted):
    async with app(watch=scripted()).run_test(size=(140, 60)) as pilot:
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(pilot.app.screen, HelpScreen)
        text = text_of(pilot)
        for binding in MonitorScreen.BINDINGS:
            assert binding.tooltip in text, binding
        assert "  Pictures are drawn as half-blocks" in text
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(pilot.app.screen, MonitorScreen)


def test_every_key_has_an_id_and_a_tooltip_and_none_is_double():
    for owner in (AetuiApp, MenuScreen, MonitorScreen):
        for binding in owner.BINDINGS:
            assert binding.id, binding
            assert binding.tooltip, binding
    keys = [key for owner in (AetuiApp, MonitorScreen) for b in owner.BINDINGS for key in b.key.split(",")]
    assert len(keys) == len(set(keys))


async def test_escape_goes_back_to_the_menu_which_lists_the_run(app, scripted):
    folder = scripted()
    async with app(watch=folder).run_test(size=(140, 40)) as pilot:
        await pilot.pause(0.2)
        await pilot.press("escape")
        await pilot.pause()
        choices = pilot.app.screen.query_one(OptionList)
        assert choices.get_option(f"run:{folder.name}")


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
async def test_names_of_any_kind_are_shown_literally(app, scripted, name):
    folder = scripted(name, state="failed")
    async with app(watch=folder).run_test(size=(140, 40)) as pilot:
        for key in ("space", "escape", "end"):
            await pilot.press(key)
            await pilot.pause()
            text = text_of(pilot)
            assert not any(ord(char) < 32 for char in text.replace("\n", ""))
            assert "\u202e" not in text
        if name.startswith("["):
            assert name in text


@pytest.mark.parametrize("size", [(1, 1), (20, 5), (49, 13), (50, 14), (500, 200)])
async def test_any_size(app, scripted, size):
    async with app(watch=scripted()).run_test(size=size) as pilot:
        await pilot.pause(0.2)
        small = size[0] < 50 or size[1] < 14
        assert ("too small" in text_of(pilot).replace("\n", " ")) == (small and size[0] > 10)


@pytest.mark.parametrize("count", [20, pytest.param(200, marks=pytest.mark.slow)])
async def test_many_resizes_in_a_row(app, scripted, count):
    async with app(watch=scripted()).run_test(size=(80, 24)) as pilot:
        for step in range(count):
            await pilot.resize_terminal(20 + step * 7 % 100, 5 + step * 5 % 30)
        await pilot.resize_terminal(80, 24)
        await pilot.pause(0.2)
        assert "epoch  4/10" in text_of(pilot)


async def test_the_menu_says_which_host_answers_or_that_none_does(app, answering):
    async with app().run_test(size=(140, 40)) as pilot:
        await pilot.press(*["down"] * 4)
        while "from a.example" not in text_of(pilot):
            await pilot.pause(0.02)
        await pilot.press("end", "up")
        while "cannot be reached now" not in text_of(pilot):
            await pilot.pause(0.02)
        assert "generated shapes" in text_of(pilot)


async def test_data_that_cannot_be_had_are_offered_as_their_generated_twin(app, tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(AetuiApp, "on_train_requested", lambda self, message: started.append(message.folder))
    preset = read_preset(find_preset("mnist-conv"))
    folder = create_run(preset, "", tmp_path / "runs", tmp_path)
    folder.own()
    async with app(watch=folder).run_test(size=(140, 40)) as pilot:
        await pilot.pause(0.2)
        EventWriter(folder.events).write(StateChanged("failed", "MNIST could not be downloaded", "digits"))
        while "Train on generated digits" not in text_of(pilot):
            await pilot.pause(0.02)
        assert "MNIST could not be downloaded" in text_of(pilot)
        await pilot.press("enter")
        await pilot.pause()
    (twin,) = started
    made = read_preset(twin.config)
    assert made.data.name == "digits"
    assert made.model == preset.model


async def test_a_preset_with_mistakes_is_listed_with_them(app, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text('# Mine.\n[data]\nname = "mnits"\n[model]\nencoder = ["[/x]"]\n')
    async with app().run_test(size=(140, 40)) as pilot:
        choices = pilot.app.screen.query_one(OptionList)
        choices.highlighted = choices.get_option_index("preset:mine.toml")
        await pilot.pause()
        text = text_of(pilot)
        assert "mine (own)" in text
        assert "did you mean mnist?" in text
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, MenuScreen)


async def test_keys_in_quick_succession_keep_their_order(app, monkeypatch):
    started = []
    monkeypatch.setattr(AetuiApp, "on_train_requested", lambda self, message: started.append(message.folder))
    async with app().run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for key in ("down", "down", "enter"):  # as one burst of bytes arrives
            pilot.app.post_message(events.Key(key, None))
        while not started:
            await pilot.pause(0.02)
    assert read_preset(started[0].config).name == "shapes-conv-mae"
