"""`aetui export`: files that another program reads."""

import numpy as np
import pytest
from PIL import Image

from aetui.cli import main
from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.pictures.sheet import Sample, Sheet, to_png
from aetui.runs.create import create_run
from aetui.runs.event_log import EventWriter
from aetui.runs.events import PreviewSaved


@pytest.fixture
def folder(tmp_path):
    return create_run(read_preset(find_preset("digits-mlp")), "", tmp_path / "runs", tmp_path)


def export(folder, to):
    return main(["export", "--runs", str(folder.path.parent), "--to", str(to)])


def draw(folder, epochs):
    writer = EventWriter(folder.events)
    for epoch in epochs:
        images = np.full((2, 28, 28, 1), 60 * epoch, np.uint8)
        sheet = Sheet({"original": images, "reconstruction": images}, (Sample(0, "7"), Sample(1, "2")))
        name = f"epoch_{epoch:04d}.png"
        (folder.previews / name).write_bytes(to_png(sheet))
        writer.write(PreviewSaved(epoch, name, epoch))


def test_an_animation_and_a_contact_sheet(folder, tmp_path, capsys):
    draw(folder, range(4))
    assert export(folder, tmp_path / "new" / "out") == 0
    gif, png = capsys.readouterr().out.split()
    with Image.open(gif) as animation:
        assert (animation.format, animation.n_frames) == ("GIF", 4)
    with Image.open(png) as sheet:
        assert sheet.format == "PNG"


def test_a_damaged_epoch_is_left_out_and_named(folder, tmp_path, capsys):
    draw(folder, range(3))
    (folder.previews / "epoch_0001.png").write_bytes(b"x")
    assert export(folder, tmp_path) == 0
    said = capsys.readouterr()
    assert "left out: " in said.err
    assert "epoch_0001.png" in said.err
    with Image.open(said.out.split()[0]) as animation:
        assert animation.n_frames == 2


def test_pictures_of_which_none_can_be_read(folder, tmp_path, capsys):
    draw(folder, range(2))
    for epoch in range(2):
        (folder.previews / f"epoch_{epoch:04d}.png").write_bytes(b"x")
    assert export(folder, tmp_path) == 1
    assert f"None of the pictures of {folder.name} can be read" in capsys.readouterr().err


def test_a_run_without_pictures_and_a_folder_that_is_none(folder, tmp_path, capsys):
    assert export(folder, tmp_path) == 1
    assert "has no pictures yet" in capsys.readouterr().err
    draw(folder, [0])
    (tmp_path / "file").write_text("")
    assert export(folder, tmp_path / "file" / "x") == 1
    assert "cannot be written" in capsys.readouterr().err


SHEET_BYTES = 2 * 2 * 28 * 28


def test_of_more_epochs_than_memory_holds_some_are_taken(folder, tmp_path, capsys, monkeypatch):
    draw(folder, range(4))
    monkeypatch.setattr("aetui.cli.export.MOST_BYTES", 3 * SHEET_BYTES)
    assert export(folder, tmp_path / "out") == 0
    with Image.open(capsys.readouterr().out.split()[0]) as animation:
        assert animation.n_frames == 3
    monkeypatch.setattr("aetui.pictures.export.MOST_PIXELS", 1)
    assert export(folder, tmp_path / "out") == 0
    with Image.open(capsys.readouterr().out.split()[0]) as animation:
        assert animation.n_frames == 2


def test_epochs_that_are_larger_than_the_newest_do_not_fill_the_memory(folder, tmp_path, capsys, monkeypatch):
    draw(folder, range(4))
    small = np.zeros((1, 4, 4, 1), np.uint8)
    sheet = to_png(Sheet({"original": small, "reconstruction": small}, (Sample(0, "7"),)))
    (folder.previews / "epoch_0003.png").write_bytes(sheet)
    monkeypatch.setattr("aetui.cli.export.MOST_BYTES", 2 * SHEET_BYTES)
    assert export(folder, tmp_path / "out") == 1
    assert "take more than" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_pictures_that_are_too_wide_for_a_gif(folder, tmp_path, capsys):
    wide = np.zeros((1, 1, 66_000, 1), np.uint8)
    sheet = Sheet({"original": wide, "reconstruction": wide}, (Sample(0, "7"),))
    (folder.previews / "epoch_0000.png").write_bytes(to_png(sheet))
    EventWriter(folder.events).write(PreviewSaved(0, "epoch_0000.png", 0))
    assert export(folder, tmp_path / "out") == 1
    assert "too large for a GIF" in capsys.readouterr().err
