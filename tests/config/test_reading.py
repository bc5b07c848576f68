"""Presets: every mistake named with its place, all at once."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aetui.config.problems import PresetError
from aetui.config.reading import read_preset
from aetui.config.shipped import description, find_preset, preset_text, shipped_presets

GOOD = """# A good one.
[data]
name = "digits"
[model]
encoder = ["flatten", "linear 3"]
decoder = ["linear 784", "unflatten 1x28x28"]
[train]
epochs = 2
"""


@pytest.fixture
def written(tmp_path):
    def write(text: str | bytes) -> Path:
        path = tmp_path / "mine.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def problems(path: Path, *changes: str) -> list[str]:
    with pytest.raises(PresetError) as caught:
        read_preset(path, changes)
    assert caught.value.exit_code == 2
    return [str(problem).removeprefix(str(path)) for problem in caught.value.problems]


def test_a_good_preset_has_the_recipe_as_defaults(written):
    preset = read_preset(written(GOOD))
    train = preset.train
    assert (preset.name, train.epochs, train.batch_size, train.learning_rate, train.seed) == (
        "mine",
        2,
        64,
        1e-3,
        0,
    )


@pytest.mark.parametrize("listed", shipped_presets(), ids=lambda listed: listed.name)
def test_shipped_presets_are_good_and_described(listed):
    preset = read_preset(listed.path)
    assert preset.name == listed.name
    assert listed.description.endswith(".")
    recipe = (preset.train.epochs, preset.train.batch_size, preset.train.learning_rate)
    assert preset.model.vit or recipe in ((10, 64, 1e-3), (8, 64, 3e-3), (10, 64, 3e-3))


def test_shipped_presets_are_the_promised_ones():
    names = {listed.name for listed in shipped_presets()}
    assert names >= {
        "digits-mlp",
        "digits-conv",
        "mnist-mlp",
        "mnist-conv",
        "mnist-denoise",
        "fashion-conv",
        "folder-conv",
        "shapes-conv-mae",
        "shapes-vit-mae",
        "cifar10-conv-mae",
        "cifar10-vit-mae",
    }
    assert shipped_presets()[0].name == "digits-mlp"


def test_every_mistake_is_named_at_once_with_its_line(written):
    text = """[data]
name = "mnits"
pat = 3
[model]
encoder = ["flatten", "linaer 3"]
decoder = ["linear 784"]
[train]
epochs = -1
batch_size = "64"
learnin_rate = 1.0
"""
    found = problems(written(text))
    assert [line.split(": ")[:2] for line in found] == [
        [":2", "data.name"],
        [":3", "data.pat"],
        [":8", "train.epochs"],
        [":9", "train.batch_size"],
        [":10", "train.learnin_rate"],
        [":5", "model.encoder.1"],
    ]
    assert "did you mean mnist?" in found[0]
    assert "did you mean path?" in found[1]
    assert "did you mean learning_rate?" in found[4]
    assert "did you mean linear?" in found[5]


@pytest.mark.parametrize(
    ("line", "place", "words"),
    [
        ('encoder = ["conv 16 k31"]', ":5: model.encoder.0: ", ["conv 16 k31", "28"]),
        ('encoder = ["flatten", "linear 0"]', ":5: model.encoder.1: ", ["linear 0"]),
        ("encoder = []", ":5: model.encoder: ", ["at least 1"]),
        ("encoder = 3", ":5: model.encoder: ", ["list"]),
    ],
)
def test_layers_are_named_with_their_sizes(written, line, place, words):
    lines = GOOD.splitlines()
    lines[4] = line
    first = problems(written("\n".join(lines)))[0]
    assert first.startswith(place)
    assert all(word in first for word in words)


def test_a_decoder_that_does_not_return_is_refused(written):
    found = problems(written(GOOD.replace("linear 784", "linear 783").replace(', "unflatten 1x28x28"', "")))
    assert found == [":6: model.decoder: it returns 783, the images are 1x28x28"]


def test_changes_are_checked_and_named_by_what_was_typed(written):
    path = written(GOOD)
    assert read_preset(path, ["train.epochs=7", "data.name=mnist"]).train.epochs == 7
    assert problems(path, "train.epoch=7")[0].startswith("--set train.epoch=7: train.epoch: unknown key")
    assert problems(path, "train.epochs=lots")[0].startswith(
        "--set train.epochs=lots: train.epochs: expected"
    )
    assert "section.key=value" in problems(path, "epochs")[0]
    assert "is a value, not a section" in problems(path, "name=x", "name.y=3")[0]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"[data\n", ":1: not TOML"),
        (b"[data]\nname = 'a'\nname = 'b'\n", ":3: not TOML"),
        (b"[data]\nname = '\xff'\n", ":2: not UTF-8 text"),
        (b"a = " + b"[" * 5000, ":1: not"),
        (b"#" * 500_001, ": cannot be read: larger than 500 kB"),
        (b"", ":1: data: missing"),
        (b"[train]\n" + b"a." * 200_000 + b"a = 1", ":2: a key of more than 16 parts"),
        (b"x = {" + b"'a' . " * 20_000 + b"a = 1}", ":1: a key of more than 16 parts"),
        (b"a = " + b"9" * 5000, ":1: not a preset: a number of too many digits"),
        (b"a = [{b = 0x" + b"f" * 50_000 + b"}]", ":1: not a preset: a number of too many digits"),
    ],
)
def test_files_that_are_no_presets(written, data, expected):
    assert problems(written(data))[0].startswith(expected)


def test_a_byte_order_mark_and_windows_line_ends_are_fine(written):
    text = "\ufeff" + GOOD.replace("\n", "\r\n")
    assert read_preset(written(text.encode())).train.epochs == 2


def test_a_missing_file_or_name_is_refused_with_the_nearest(tmp_path):
    assert "cannot be read: No such file" in problems(tmp_path / "none.toml")[0]
    with pytest.raises(PresetError, match="did you mean mnist-conv"):
        find_preset("mnist-con")


def test_written_out_it_reads_back_equal(written, tmp_path):
    for listed in shipped_presets():
        preset = read_preset(listed.path)
        copy = written(preset_text(preset, listed.description))
        assert read_preset(copy) == preset
        assert description(copy) == listed.description


@given(st.text(max_size=300))
def test_no_text_breaks_the_reader(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("any") / "x.toml"
    path.write_text(text, errors="surrogatepass")
    with pytest.raises(PresetError):
        read_preset(path)
