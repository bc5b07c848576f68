"""A page of text in a run's folder, made to take the machine's time or memory, is read or refused soon.

Without the bounds that these tests are of, each took minutes or gigabytes.
"""

import json
import resource
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.errors import AetuiError
from aetui.pictures.sheet import DamagedPicture, Sample, Sheet, read_sheet, to_png
from aetui.runs.checkpoint_index import DamagedIndex, check_size, read_index
from aetui.runs.event_lines import from_json, to_json
from aetui.runs.event_log import EventFollower
from aetui.runs.events import (
    MOST_REMOVABLE,
    EpochFinished,
    PreviewSaved,
    RunStarted,
    StateChanged,
    StepsTrained,
)
from aetui.runs.folder import DamagedMeta
from aetui.runs.history import History
from aetui.runs.listing import RunsFollower
from aetui.runs.report import read_history
from aetui.training.weights_file import read_weights
from aetui.ui.app import AetuiApp
from aetui.ui.monitor.dialogs import RoomScreen
from aetui.ui.parts.dialogs import ChoiceScreen
from aetui.ui.parts.earlier_runs import measured_pace
from aetui.ui.settings import Settings

STARTED = RunStarted("r", "p", "cpu", "CPU", 9, 10, 5, 50, 20, "digits")
EPOCH = EpochFinished(1, 1, 0.1, 0.1, 1.0, 9.0, 1.0, 0.1, True)
MOST_BYTES = 600_000_000
"""That a command may take: PyTorch is not loaded."""


def test_resumes_without_end():
    history = History()
    for n in range(10_000):
        history.apply(replace(EPOCH, epoch=n, step=n), 1.0)
        history.apply(PreviewSaved(n, f"{n}.png", n), 1.0)
    for n in range(100_000):
        history.apply(replace(STARTED, step=10_000 - n % 2), 1.0)
    assert len(history.epochs) == 10_000


def test_what_a_resume_goes_back_behind_is_forgotten():
    history = History()
    for n in range(5):
        history.apply(replace(EPOCH, epoch=n, step=10 * n), 1.0)
        history.apply(StepsTrained(n, 10 * n, 0.1, 0.1, 9, 9.0, 1.0, 1e-3), 1.0)
        history.apply(PreviewSaved(n, f"{n}.png", 10 * n), 1.0)
    history.apply(replace(STARTED, step=20, epoch=2), 1.0)
    assert [*history.epochs] == [0, 1, 2]
    assert [steps.step for steps in history.steps] == [0, 10, 20]
    assert [preview.file for preview in history.previews] == ["0.png", "1.png", "2.png"]


def test_pictures_without_end(old_run):
    folder = old_run()
    lines = (to_json(PreviewSaved(n, f"{n}.png", n), 1.0) for n in range(120_000))
    folder.events.write_text("\n".join(lines) + "\n")
    history, _ = read_history(folder)
    assert [history.previews[0].file, history.previews[-1].file] == ["20000.png", "119999.png"]


def under_a_bound(*arguments: str) -> subprocess.CompletedProcess[str]:
    """aetui in a process that may take `MOST_BYTES`."""
    bound = lambda: resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))  # noqa: E731
    command = [sys.executable, "-m", "aetui", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, preexec_fn=bound, check=False)


@pytest.mark.parametrize("item", ["{}", "1", '{"file": 3}'])
def test_a_list_of_a_million_mistakes(old_run, item):
    folder = old_run()
    number = 990_000 // (len(item) + 1)
    (folder.checkpoints / "index.json").write_text("[" + ",".join([item] * number) + "]")
    with pytest.raises(DamagedIndex, match="damaged"):
        read_index(folder.checkpoints)
    shown = under_a_bound("show", str(folder.path))
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "warning: The list of checkpoints is damaged" in shown.stdout


@pytest.mark.parametrize("key", ["command", "versions"])
def test_a_meta_file_of_mistakes(old_run, key):
    folder = old_run()
    crafted = {"command": [1] * 400_000, "versions": {str(n): 1 for n in range(80_000)}}[key]
    meta = json.loads(folder.meta_file.read_text()) | {key: crafted}
    folder.meta_file.write_text(json.dumps(meta, separators=(",", ":")))
    with pytest.raises(DamagedMeta, match="damaged"):
        folder.read_meta()
    listed = under_a_bound("runs", "--runs", str(folder.path.parent))
    assert (listed.returncode, "damaged" in listed.stderr) == (0, True)


def test_a_checkpoint_that_is_a_hole(tmp_path):
    path = tmp_path / "epoch_0001_step_00000001.pt"
    with path.open("wb") as file:
        file.truncate(2 * 10**9)
    with pytest.raises(ValueError, match="holes"):
        check_size(path)
    with pytest.raises(AetuiError, match=r"\.pt is not written: nearly all of it is holes"):
        read_weights(path)


@pytest.mark.parametrize("line", [b"x\n", b"{\n", b'{"event": "Warned"}\n'])
def test_a_log_of_damage_is_read_piece_by_piece(old_run, line):
    folder = old_run()
    folder.events.write_bytes(line * 400_000)
    follower = EventFollower(folder.events)
    assert follower.poll() == []
    assert follower.behind
    assert 0 < follower.damaged < 400_000
    looks = 1
    while follower.poll() or follower.behind:
        looks += 1
    assert looks > 5
    assert follower.damaged == 400_000


def test_a_picture_of_samples_without_end(tmp_path):
    sheet = Sheet({"original": np.zeros((2, 4, 4, 1), np.uint8)}, (Sample(0, "a"), Sample(1, "b" * 10**6)))
    path = tmp_path / "epoch_0001.png"
    path.write_bytes(to_png(sheet))
    assert len(read_sheet(path).samples[1].label) == 200
    image = Image.open(path)
    for samples in ([1] * 3_000_000, [{"index": 0, "label": "a"}] * 2000):
        told = json.loads(image.text["aetui"]) | {"samples": samples}
        chunk = PngImagePlugin.PngInfo()
        chunk.add_text("aetui", json.dumps(told, separators=(",", ":")))
        image.save(path.with_name("crafted.png"), pnginfo=chunk)
        with pytest.raises(DamagedPicture):
            read_sheet(path.with_name("crafted.png"))


async def test_no_escape_in_a_word_of_a_run_reaches_the_terminal(old_run, tmp_path):
    """Every text field of the log and of meta.json, on every panel and in the menu."""
    folder = old_run()
    evil = "\x1b]0;PWNED\x07\x1b[2J\u202e\x9b31m"
    lines = [json.loads(line) for line in folder.events.read_text().splitlines()]
    kept = ("event", "file", "samples", "tested_on")
    for line in lines:
        line |= {key: evil for key, value in line.items() if isinstance(value, str) and key not in kept}
    folder.events.write_text("\n".join(map(json.dumps, lines)) + "\n")
    meta = json.loads(folder.meta_file.read_text())
    meta |= {key: evil for key, value in meta.items() if isinstance(value, str) and key != "started"}
    folder.meta_file.write_text(json.dumps(meta))
    app = AetuiApp(Settings(folder.path.parent, tmp_path / "data"), watch=folder)
    async with app.run_test(size=(120, 36)) as pilot:
        for key in ("1", "2", "3", "4", "5", "l", "v", "v", "question_mark", "escape", "escape", "end", "up"):
            await pilot.press(key)
            await pilot.pause()
            written = "".join(
                segment.text for strip in app.screen._compositor.render_strips() for segment in strip
            )
            assert not set(written) & set("\x1b\x07\u202e\x9b")


def test_a_stand_in_that_is_none_is_nobodys_offer():
    evil = "A\x1b]52;c;UFdORUQ=\x1b\\B"
    line = json.dumps({"event": "StateChanged", "time": 1.0, "state": "failed", "reason": "x", "twin": evil})
    event, _ = from_json(line.encode())
    assert event == StateChanged("failed", "x", None)
    assert from_json(line.replace(json.dumps(evil), '"digits"').encode())[0].twin == "digits"


async def test_no_escape_in_a_question_or_an_answer_reaches_the_terminal(tmp_path):
    app = AetuiApp(Settings(tmp_path / "runs", tmp_path / "data"))
    async with app.run_test(size=(120, 36)) as pilot:
        app.push_screen(ChoiceScreen("why\x1b[2J", [("a", "A\x1b]0;x\x07\x9b"), ("cancel", "Cancel")]))
        await pilot.pause()
        written = "".join(s.text for strip in app.screen._compositor.render_strips() for s in strip)
        assert "why" in written
        assert not set(written) & set("\x1b\x07\x9b")


def test_what_could_make_room_is_a_few_files():
    many = {f"epoch_{n:04d}_step_{n:08d}.pt": n for n in range(MOST_REMOVABLE + 1)}
    line = to_json(StateChanged("paused", "full", removable=many), 1.0).encode()
    with pytest.raises(ValueError, match="at most 2000"):
        from_json(line)
    history = History()
    history.apply(StateChanged("paused", "full", removable={"a.pt": 1}), 1.0)
    assert history.removable == {"a.pt": 1}
    assert all(event.removable is None for _, _, event in history._told)


async def test_of_many_checkpoints_a_few_are_named(tmp_path):
    app = AetuiApp(Settings(tmp_path / "runs", tmp_path / "data"))
    async with app.run_test(size=(120, 36)) as pilot:
        app.push_screen(RoomScreen("full", {f"{n}.pt": 1000 for n in range(2000)}))
        await pilot.pause()
        written = "".join(s.text for strip in app.screen._compositor.render_strips() for s in strip)
        assert "and 1990 more, 2.00 MB in all" in " ".join(written.replace("│", " ").split())


def test_a_meta_file_of_facts_without_end_takes_no_memory(old_run):
    folder = old_run()
    meta = json.loads(folder.meta_file.read_text())
    meta["computed"] = {f"{n}": n for n in range(50_000)}
    meta["command"] = ["aetui"] + ["x" * 100] * 1000
    meta["git_commit"] = "c" * 100_000
    folder.meta_file.write_text(json.dumps(meta))
    read = folder.read_meta()
    assert (len(read.computed), len(read.command), len(read.git_commit)) == (300, 300, 200)
    follower = RunsFollower(folder.path.parent)
    assert [run.run for run in follower.poll()] == [folder.name]
    (known,) = follower._known.values()
    assert not known.meta.computed
    assert not known.meta.command


def test_presets_of_runs_are_read_once_and_for_a_moment(old_run, monkeypatch):
    folder = old_run()
    read = []
    monkeypatch.setattr(
        "aetui.runs.folder.read_preset", lambda path, *_, **__: read.append(path) or read_preset(path)
    )
    (run,) = RunsFollower(folder.path.parent).poll()
    run = replace(run, preset="digits-mlp")
    preset = read_preset(find_preset("digits-mlp"))
    folder.config.write_text("x = [" + "1," * 1000 + "]")
    for _ in range(3):
        assert measured_pace(preset, [run] * 20, folder.path.parent) is None
    assert len(read) == 1
    monkeypatch.setattr("aetui.ui.parts.earlier_runs.LOOK_SECONDS", -1.0)
    folder.config.write_text("")
    assert measured_pace(preset, [run], folder.path.parent) is None
    assert len(read) == 1
