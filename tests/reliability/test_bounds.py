"""Nothing that a person opens is read without bound, and nothing is waited for."""

import json
import os
import struct
import zlib

import pytest
from PIL import Image

from aetui.cli import main
from aetui.config.problems import PresetError
from aetui.config.reading import read_preset
from aetui.data.imagefile import MOST_PIXELS, read_image
from aetui.errors import AetuiError
from aetui.pictures.sheet import DamagedPicture, read_sheet
from aetui.runs.checkpoint_index import read_index
from aetui.runs.report import read_history
from aetui.ui.app import AetuiApp
from aetui.ui.menu.preset_list import offered_presets
from aetui.ui.monitor.screen import MonitorScreen
from aetui.ui.settings import Settings


def declare_png(path, width: int, height: int) -> None:
    """A PNG of a few bytes that says it is this large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + data)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_picture_of_too_many_pixels_is_refused_unread(tmp_path):
    path = tmp_path / "epoch_0000.png"
    for side in (60_000, 9_500):
        declare_png(path, side, side)
        with pytest.raises(DamagedPicture, match="pixels are more than"):
            read_sheet(path)
        with pytest.raises((ValueError, Image.DecompressionBombError)):
            read_image(path, (1, 28, 28))
    assert Image.MAX_IMAGE_PIXELS == MOST_PIXELS


def test_a_line_of_50_megabytes_costs_itself_alone(old_run):
    folder = old_run()
    with folder.events.open("ab") as file:
        file.write(b"x" * 50_000_000 + b"\n")
        file.write(json.dumps({"event": "Warned", "time": 1.0, "message": "after it"}).encode() + b"\n")
    history, log = read_history(folder)
    assert history.notes_after()[-1].text == "warning: after it"
    assert log.damaged == 25  # each piece of two megabytes


def test_words_of_any_length_are_cut(old_run):
    folder = old_run()
    with folder.events.open("a") as file:
        file.write(json.dumps({"event": "Warned", "time": 1.0, "message": "x" * 1_000_000}) + "\n")
    assert len(read_history(folder)[0].notes_after()[-1].text) < 5000


def test_a_list_of_a_million_checkpoints_is_refused(old_run):
    folder = old_run()
    index = folder.checkpoints / "index.json"
    (first, *_) = json.loads(index.read_text())
    index.write_text(json.dumps([first] * 10_000 * 100))
    with pytest.raises(AetuiError, match="larger than"):
        read_index(folder.checkpoints)


def test_a_preset_of_10_megabytes_is_refused(tmp_path):
    path = tmp_path / "large.toml"
    path.write_text("[model]\n" + "# x\n" * 2_500_000)
    with pytest.raises(PresetError, match=r"larger than 500 kB"):
        read_preset(path)


@pytest.mark.parametrize("place", ["/dev/zero", "/dev/tty", "pipe", "/proc/self/mem"])
def test_data_that_is_no_folder_is_refused(tmp_path, place, capsys):
    if place == "pipe":
        place = str(tmp_path / "pipe")
        os.mkfifo(place)
    runs = ("--runs", str(tmp_path / "runs"), "--data", str(tmp_path / "data"))
    command = ["train", "folder-conv", "--set", f"data.path={place}", "--threads", "1", *runs]
    assert main(command) in (1, 2)
    assert "Traceback" not in capsys.readouterr().err


def test_presets_that_are_pipes_or_devices_are_passed_over(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.toml")
    (tmp_path / "zero.toml").symlink_to("/dev/zero")
    (tmp_path / "large.toml").write_text("[model]\n" * 1_000_000)
    assert not [one for one in offered_presets() if one.own]
    with pytest.raises(PresetError, match="not a file of data"):
        read_preset(tmp_path / "pipe.toml")


async def test_the_app_opens_beside_all_of_it(tmp_path, monkeypatch, old_run):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.toml")
    folder = old_run()
    for number, name in enumerate(("meta.json", "events.jsonl", "config.toml")):
        other = folder.path.with_name(f"other{number}")
        other.mkdir()
        (other / "meta.json").write_bytes(folder.meta_file.read_bytes())
        (other / name).unlink(missing_ok=True)
        os.mkfifo(other / name)
    declare_png(folder.previews / "epoch_0001.png", 60_000, 60_000)
    app = AetuiApp(Settings(folder.path.parent, tmp_path))
    async with app.run_test(size=(140, 40)) as pilot:
        for _ in range(25):
            await pilot.press("down")
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("left", "right")
        await pilot.pause()
        assert isinstance(pilot.app.screen, MonitorScreen)
