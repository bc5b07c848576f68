"""A preset that is made to take the machine's time or memory is refused soon, and shown harmless.

Without the bounds that these tests are of, each took minutes or gigabytes.
"""

import os

import pytest

from aetui.cli import main
from aetui.config.lines import key_lines, line_of, line_of_long_key
from aetui.config.preset import Steer
from aetui.config.problems import PresetError
from aetui.config.reading import read_preset
from aetui.config.shipped import find_preset
from aetui.config.steering import steered


def test_spaces_behind_a_bracket():
    text = "[model]\nencoder = [\n" + "[" + " " * 200_000 + "\n]\n"
    assert key_lines(text) == {"model": 1, "model.encoder": 2}


@pytest.mark.parametrize("line", ["[ data ]", "  [[data]]  # of it", "[data]"])
def test_a_table_is_found_as_people_write_it(line):
    assert key_lines(f"\n{line}\nname = 1") == {"data": 2, "data.name": 3}


@pytest.mark.parametrize("part", ['"!"', "'.'", r'"\""', "a", "a-b", '"a b"'])
@pytest.mark.parametrize("shape", ["{} = 1", "[{}]", "x = {{ {} = 1 }}", 'a = "b"\n  {} = 1'])
def test_a_key_of_very_many_parts(tmp_path, part, shape):
    path = tmp_path / "config.toml"
    path.write_text(shape.format(".".join([part] * 60_000)))
    with pytest.raises(PresetError, match="a key of more than 16 parts"):
        read_preset(path)


def test_no_layer_or_sentence_is_taken_for_such_a_key(tmp_path):
    path = tmp_path / "config.toml"
    words = 'x = "a.b.c.d.e. f.g.h.i.j.k.l.m.n"\ny = [1.5, 2.5, "1.2", "3.4", 5.6]'
    path.write_text(f"{find_preset('digits-mlp').read_text()}\n[data2]\n{words}\n")
    with pytest.raises(PresetError, match="data2: unknown key"):
        read_preset(path)


def test_a_preset_of_a_hundred_thousand_mistakes(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(find_preset("digits-mlp").read_text() + "".join(f"k{n} = 1\n" for n in range(40_000)))
    with pytest.raises(PresetError, match="mistakes") as refused:
        read_preset(path)
    assert len(refused.value.problems) == 1


@pytest.mark.parametrize(
    "text", ['# \\"', "x = '''\\\"", 'y = "\\"', "z = 'a.", "  ", ". .", "a ", "a.\n", "''"]
)
def test_what_looks_like_the_beginning_of_a_long_key(text):
    line_of_long_key(text + text[-2:] * 300_000)


def test_a_change_of_three_thousand_sections(tmp_path):
    changes = [f"mask.ratio.{'a.' * 3000}a=1"]
    with pytest.raises(PresetError, match="a key of more than 16 parts"):
        read_preset(find_preset("digits-mlp"), changes)


def test_a_value_of_a_megabyte_is_told_of_in_a_line():
    for change in (f"train.optimizer={'x' * 10**6}", f"train.epochs={'[' * 20}{']' * 20}"):
        with pytest.raises(PresetError) as refused:
            read_preset(find_preset("digits-mlp"), [change])
        assert len(refused.value.problems[0].message) < 300


def test_a_long_name_over_many_lines(tmp_path):
    path = tmp_path / "config.toml"
    items = "\n[x]\n" + "k" * 60_000 + " = [\n" + '"",\n' * 60_000 + "]\n"
    tables = f"[{'t' * 60_000}]\n" + "".join(f"k{n} = 1\n" for n in range(500))
    for text in (items, tables):
        path.write_text(find_preset("digits-mlp").read_text() + text)
        lines = key_lines(path.read_text())
        assert sum(map(len, lines)) < 40 * len(path.read_text())
        with pytest.raises(PresetError, match="unknown key") as refused:
            read_preset(path)
        assert len(str(refused.value)) < 1000


def test_a_hundred_changes_are_checked_at_once(monkeypatch):
    checked = []
    monkeypatch.setattr("aetui.config.reading.find_mistakes", lambda preset: checked.append(preset) or [])
    preset = read_preset(find_preset("digits-mlp"))
    notes = [Steer(step=step, change=f"train.epochs={step}") for step in range(1, 101)]
    assert steered(preset.model_copy(update={"steer": notes[::-1]})).train.epochs == 100
    assert len(checked) == 2


def test_a_quoted_key_of_very_many_dots():
    assert line_of({"a": 7}, "a" + ".b" * 500_000) == 7


TOO_MANY = ".".join(["a"] * 20)


AROUND = ("# {}", '"""\n{}\n"""', "'''\n{}'''", 'x = "{}"', "x = '{}' # {}", '"""\\""" {} """')


@pytest.mark.parametrize("around", AROUND)
def test_comments_and_strings_hold_no_keys(around):
    assert line_of_long_key(f"[a]\n{around.replace('{}', TOO_MANY)}\nb = 1\n") == 0
    assert line_of_long_key(f"[a]\n{around.replace('{}', TOO_MANY)}\n{TOO_MANY} = 1\n") > 2


def test_a_foreign_preset_is_shown_harmless_and_bounded(tmp_path, capsys):
    path = tmp_path / "x.toml"
    path.write_text("# \x1b]0;PWNED\x07\n\tname = 1\r\n")
    assert main(["presets", "show", str(path)]) == 0
    assert capsys.readouterr().out == "# ␛]0;PWNED␇\n\tname = 1\n"
    os.truncate(path, 10**10)
    assert main(["presets", "show", str(path)]) == 2
    path.unlink()
    os.mkfifo(path)
    assert main(["presets", "show", str(path)]) == 2


@pytest.mark.parametrize("name", ["mnist-conv", "cifar10-vit-mae"])
def test_a_shipped_preset_is_shown_as_it_stands(name, capsys):
    assert main(["presets", "show", name]) == 0
    assert capsys.readouterr().out == find_preset(name).read_text()
