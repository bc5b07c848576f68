"""A preset's model in the calculator, and a chain as a new preset file."""

import pytest

from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset, shipped_presets
from aetui.errors import UsageError
from aetui.ui.calculator.editable_chain import read_line
from aetui.ui.calculator.preset_files import line_of_preset, write_preset

LINE = "1x28x28 conv 16 k3 s2 p1, relu, conv 32 k3 s2 p1"


CHAINS = [listed for listed in shipped_presets() if read_preset(listed.path).model.vit is None]


@pytest.mark.parametrize("listed", CHAINS, ids=lambda listed: listed.name)
def test_a_preset_taken_and_used_again_is_the_same_model(listed, tmp_path):
    preset = read_preset(listed.path)
    chain = read_line(line_of_preset(preset))
    assert chain.problem is None
    written = write_preset(chain, tmp_path)
    again = read_preset(written.path)
    assert (again.model.encoder, again.model.decoder) == (preset.model.encoder, preset.model.decoder)
    assert again.image_size == preset.image_size
    assert bool(written.to_add) == (again.data.name == "folder")


@pytest.mark.parametrize(
    ("line", "name", "decoder"),
    [
        (LINE, "digits", ["convt 16 k3 s2 p1 op1", "relu", "convt 1 k3 s2 p1 op1", "sigmoid"]),
        ("3x32x32 flatten, linear 9", "shapes", ["linear 3072", "unflatten 3x32x32", "sigmoid"]),
        ("1x28x28 conv 1 k3 p1", "digits", ["convt 1 k3 p1", "sigmoid"]),
        ("3x64x48 conv 8 k4 s4", "folder", ["convt 3 k4 s4", "sigmoid"]),
    ],
)
def test_an_encoder_becomes_a_preset_with_the_mirrored_decoder(line, name, decoder, tmp_path):
    preset = read_preset(write_preset(read_line(line), tmp_path).path)
    assert (preset.data.name, preset.model.decoder) == (name, decoder)
    assert preset.image_size == line.split()[0]


def test_a_vision_transformer_is_no_chain():
    preset = read_preset(find_preset("shapes-vit-mae"))
    chain = read_line(line_of_preset(preset))
    assert chain.line == ""
    assert chain.traced == ()


def test_no_preset_is_ever_overwritten(tmp_path):
    taken = tmp_path / "my-digits-conv-1.toml"
    taken.write_text("mine")
    lines = LINE, LINE.replace("16", "17")
    first, second = (write_preset(read_line(line), tmp_path).path for line in lines)
    assert [first.name, second.name] == ["my-digits-conv-2.toml", "my-digits-conv-3.toml"]
    assert taken.read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 3


def test_an_unchanged_chain_is_written_once(tmp_path):
    first, again = (write_preset(read_line(LINE), tmp_path) for _ in range(2))
    assert (first.path, first.new, again.new) == (again.path, True, False)
    first.path.write_text(first.path.read_text() + "# mine\n")
    assert write_preset(read_line(LINE), tmp_path).path.name == "my-digits-conv-2.toml"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (LINE, "my-digits-conv-1.toml\nStart it from the menu"),
        ("3x64x48 conv 8 k4 s4", "First put images into images/ beside it, or set data.path. Start it"),
    ],
)
def test_what_is_written_is_named_with_how_to_start_it(line, words, tmp_path):
    written = write_preset(read_line(line), tmp_path)
    assert words in written.sentence
    assert written.sentence.endswith(f"aetui --preset {written.path.name}")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("1x28x28 conv 1 k30", "mend the red row"),
        ("1x28x28", "no layer"),
        ("28 conv 1 k3", "1x28 is none"),
        ("2x28x28 conv 1 k3", "2x28x28 is none"),
        ("1x28x28 relu", "nothing to learn"),
    ],
)
def test_what_cannot_be_trained_is_no_preset(line, words, tmp_path):
    with pytest.raises(UsageError) as caught:
        write_preset(read_line(line), tmp_path)
    assert words in caught.value.sentence
    assert not list(tmp_path.iterdir())


def test_a_preset_that_cannot_be_written_leaves_nothing(tmp_path, monkeypatch):
    def full(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("aetui.ui.calculator.preset_files.write_whole", full)
    with pytest.raises(OSError, match="No space"):
        write_preset(read_line(LINE), tmp_path)
    assert not list(tmp_path.iterdir())
