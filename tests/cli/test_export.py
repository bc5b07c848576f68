"""`aetui export`: files that another program reads."""

import numpy as np
import pytest
from PIL import Image

from aetui.cli import main
from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.pictures.sheet import Sample, Sheet, to_png
from aetui.runs.event_log import EventWriter
from aetui.runs.events import PreviewSaved
from aetui.runs.folder import create_run


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


def test_a_run_without_pictures_and_a_folder_that_is_none(folder, tmp_path, capsys):
    assert export(folder, tmp_path) == 1
    assert "has no pictures yet" in capsys.readouterr().err
    draw(folder, [0])
    (tmp_path / "file").write_text("")
    assert export(folder, tmp_path / "file" / "x") == 1
    assert "cannot be written" in capsys.readouterr().err


def test_more_pictures_than_memory_holds_are_refused(folder, tmp_path, capsys, monkeypatch):
    draw(folder, range(4))
    monkeypatch.setattr("aetui.cli.export.MOST_BYTES", 3 * 4 * 28 * 28)
    assert export(folder, tmp_path / "out") == 1
    assert "take more than" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
