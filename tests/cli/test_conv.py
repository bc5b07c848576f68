"""`aetui conv`: what it prints, what it refuses, and that it stays light."""

import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import torch
from printed_code import modules
from torch import nn

from aetui.cli import main
from aetui.shapes.language import parse_chain

ENCODER = ["conv 16 k3 s2 p1", "relu", "maxpool k2", "flatten", "linear 64"]


def test_json_holds_what_the_contract_says(asked):
    answer = asked("1x28x28", *ENCODER)
    assert answer["input"] == [1, 28, 28]
    assert answer["layers"][0] == {
        "layer": "conv 16 k3 s2 p1",
        "torch": "nn.Conv2d(1, 16, 3, stride=2, padding=1)",
        "output": [16, 14, 14],
        "parameters": 160,
        "macs": 28_224,
        "receptive_field": [3, 3],
        "unused": [1, 1],
    }
    assert [layer["output"] for layer in answer["layers"][2:]] == [[16, 7, 7], [784], [64]]
    assert answer["total_parameters"] == 160 + 785 * 64
    assert answer["total_macs"] == 28_224 + 784 * 64
    assert answer.keys() == {"input", "layers", "total_parameters", "total_macs"}


@pytest.mark.parametrize(
    ("size", "layer", "numbers"), [("28", "conv 1 k3", 1), ("1x8x8x8", "conv 2 k3", 3), ("4x9", "flatten", 1)]
)
def test_sizes_have_as_many_numbers_as_they_have(asked, size, layer, numbers):
    answer = asked(size, layer)
    assert len(answer["input"]) == len(answer["layers"][0]["unused"]) + 1 == numbers + 1
    assert len(answer["layers"][0]["receptive_field"]) == numbers


def test_a_person_reads_a_table(conv):
    code, out, err = conv("1x28x28", *ENCODER, "--batch", "64")
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == [
        "layer",
        "output",
        "parameters",
        "MACs",
        "receptive",
        "field",
        "unused",
        "memory",
        "x64",
    ]
    assert lines[1][-3:] == ["1x28x28", "201", "kB"]
    assert lines[2] == ["conv", "16", "k3", "s2", "p1", "16x14x14", "160", "28.2k", "3x3", "1x1", "803", "kB"]
    assert lines[3] == ["relu", "16x14x14", "0", "0", "3x3", "803", "kB"]
    assert lines[-1] == ["total", "50.4k", "78.4k", "2.22", "MB"]
    assert "unused" not in conv("28", "relu")[1]


@pytest.mark.parametrize(
    "text",
    [
        "conv 8 k3\n\nrelu  # comment\nconv 4 k3 s2",
        "from torch import nn\nmodel = nn.Sequential(\n  nn.Conv2d(3, 8, 3),\n  nn.ReLU(),\n"
        "  nn.Conv2d(8, 4, 3, stride=2),\n)\n",
        b"\xef\xbb\xbfconv 8 k3\r\nnn.ReLU()\r\nnn.Conv2d(8, 4, 3, 2)\r\n",
    ],
)
def test_chains_come_from_stdin(asked, text):
    answer = asked("3x28x28", "-", stdin=text)
    assert [layer["layer"] for layer in answer["layers"]] == ["conv 8 k3", "relu", "conv 4 k3 s2"]


def test_a_layer_may_be_a_pytorch_line(asked):
    answer = asked("3x28x28", "nn.Conv2d(3, 8, (3, 5), stride=2)", "nn.Sequential(nn.ReLU(), nn.Flatten())")
    assert [layer["layer"] for layer in answer["layers"]] == ["conv 8 k3x5 s2", "relu", "flatten"]


def test_options_may_stand_between_size_and_layers(conv):
    assert conv("28", "--json", "relu", "conv 1 k3") == conv("28", "relu", "conv 1 k3", "--json")


@pytest.mark.parametrize(
    ("arguments", "layer", "output"),
    [
        (("28", "-k", "3", "-s", "2", "-p", "1"), "conv 1 k3 s2 p1", [1, 14]),
        (("28", "-k3", "-d", "2"), "conv 1 k3 d2", [1, 24]),
        (("28", "-k", "5", "-p", "same"), "conv 1 k5 psame", [1, 28]),
        (("6x28x20", "-k", "3x5", "-s", "2x1", "-p", "1x2"), "conv 6 k3x5 s2x1 p1x2", [6, 14, 20]),
        (("6x28", "-k", "3", "--groups", "3", "-o", "9"), "conv 9 k3 g3", [9, 26]),
        (
            ("14", "-k", "3", "-s", "2", "-p", "1", "--transposed", "--output-padding", "1"),
            "convt 1 k3 s2 p1 op1",
            [1, 28],
        ),
    ],
)
def test_one_layer_from_options(asked, arguments, layer, output):
    (answer,) = asked(*arguments)["layers"]
    assert (answer["layer"], answer["output"]) == (layer, output)


@pytest.mark.parametrize(
    ("size", "lines"),
    [
        ("1x28x28", [*ENCODER, "unflatten 16x2x2", "convt 3 k3 s2 op1", "batchnorm", "sigmoid"]),
        ("2x30", ["conv 4 k3 d2 g2 bias=false", "leakyrelu 0.2", "adaptiveavgpool 5", "upsample x3"]),
        ("3x8x9x10", ["conv 6 k1x2x3 psame", "avgpool k3 s2 p1 ceil", "dropout 0.1"]),
    ],
)
def test_printed_code_runs_and_gives_the_printed_sizes(conv, asked, size, lines):
    code, out, _ = conv(size, *lines, "--torch")
    answer = asked(size, *lines)
    model = modules(out)["model"]
    numbers = torch.zeros(2, *answer["input"])
    for module, layer in zip(model, answer["layers"], strict=True):
        numbers = module(numbers)
        assert list(numbers.shape[1:]) == layer["output"]
        assert repr(eval(layer["torch"], {"nn": nn})) == repr(module)
    assert sum(p.numel() for p in model.parameters()) == answer["total_parameters"]
    assert code == 0


def test_the_mirror_returns_to_the_input(conv, asked):
    answer = asked("1x27x30", *ENCODER, "--mirror")
    assert answer["layers"][-1]["output"] == [1, 27, 30]
    assert [layer["layer"] for layer in answer["layers"][: answer["encoder_layers"]]] == ENCODER
    assert answer["total_parameters"] == sum(layer["parameters"] for layer in answer["layers"])

    both = modules(conv("1x27x30", *ENCODER, "--mirror", "--torch")[1])
    encoded = both["encoder"](torch.zeros(2, 1, 27, 30))
    assert encoded.shape == (2, 64)
    assert both["decoder"](encoded).shape == (2, 1, 27, 30)

    table = conv("1x27x30", *ENCODER, "--mirror")[1].splitlines()
    assert [line for line in table if line.strip() == "mirror"]
    assert "1x27x30" in table[1]
    assert "1x27x30" in table[-2]


def test_preset_lines_go_into_a_preset(conv, tmp_path, capsys):
    lines = ["conv 16 k3 s2 p1", "relu", "conv 32 k3 s2 p1"]
    code, out, _ = conv("1x28x28", *lines, "--preset", "--mirror")
    table = tomllib.loads(out)
    assert (code, table["encoder"]) == (0, lines)
    assert table["decoder"][-1] == "convt 1 k3 s2 p1 op1"
    assert tomllib.loads(conv("1x28x28", *lines, "--preset")[1]).keys() == {"encoder"}

    file = tmp_path / "mine.toml"
    file.write_text(f'# Mine.\n[data]\nname = "digits"\n[model]\nkind = "autoencoder"\n{out}')
    assert main(["presets", "check", str(file)]) == 0, capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("28", "conv 1 k30"), ("layer 1 (conv 1 k30) on 1x28", "use k28 or smaller")),
        (("28", "relu", "cnv 3"), ("'cnv'", "did you mean conv?")),
        (("28", "conv", "16", "k3"), ("out channels", "quote every layer")),
        (("28", "conv 1 k3\x1b[31m"), ("\\x1b[31m",)),
        (("28x", "relu"), ("'28x' is not a size",)),
        (("0", "relu"), ("at least 1",)),
        (("-28", "relu"), ("'-28' is not a size",)),
        (("28", ""), ("no layer",)),
        (("28", "-"), ("no layer",)),
        (("28", "-", "relu"), ("stdin", "leave one out")),
        (("28",), ("no layer is given", "--help")),
        (("28", "-s", "2"), ("-k is missing",)),
        (("28", "-k", "0"), ("kernel 0", "at least 1")),
        (("28", "-k", "abc"), ("-k/--kernel", "'abc'")),
        (("28", "-k", "3", "-p", "-1"), ("-p/--padding", "'-1'")),
        (("28", "-k", "3", "-o", "1000000000"), ("1,000,000,000", "at most")),
        (("6x28", "-k", "3", "--groups", "4"), ("4 groups", "use g3")),
        (("1x28x28", "-k", "3x5x7"), ("k3x5x7", "with 2")),
        (("28", "-k", "3", "--transposed", "--output-padding", "1"), ("output padding 1", "s2")),
        (("28", "-k", "3", "--output-padding", "1"), ("add --transposed",)),
        (("28", "relu", "-k", "3", "-s", "2"), ("layers and -k, -s",)),
        (("28", "relu", "--to", "14"), ("--to", "layers")),
        (("28", "relu", "--all"), ("--all", "--to")),
        (("28", "relu", "--json", "--torch"), ("--torch", "--json")),
        (("28", "relu", "--batch", "0"), ("--batch", "'0'")),
        (("28", "--to", "14", "--mirror"), ("--mirror", "--to")),
        (("28", "--to", "14", "--groups", "2"), ("--groups", "channels stand in the sizes")),
        (("28", "--to", "14", "-k", "3x5"), ("-k 3x5", "one number")),
        (("28", "--to", "14", "-s", "0"), ("stride 0", "at least 1")),
        (("28", "--to", "14", "-d", "9" * 30), ("dilation", "at most")),
        (("1x28x28x28", "--to", "14x14"), ("3 axes", "1 axis")),
        (("28", "--to", ""), ("'' is not a size",)),
    ],
)
def test_what_cannot_be_is_refused(conv, arguments, words):
    code, out, err = conv(*arguments)
    assert (code, out) == (2, "")
    assert all(word in err for word in words), err
    assert "Traceback" not in err


def test_help_shows_examples_that_work(conv, monkeypatch, tmp_path):
    code, out, _ = conv("--help")
    assert code == 0
    examples = [line.split("   ")[0].strip() for line in out.splitlines() if line.startswith("  aetui conv")]
    assert len(examples) >= 8
    (tmp_path / "model.py").write_text("model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU())\n")
    monkeypatch.chdir(tmp_path)
    for example in examples:
        command, _, file = example.partition("<")
        arguments = shlex.split(command)[2:]
        given = Path(file.strip()).read_text() if file else ""
        assert conv(*arguments, stdin=given)[0] == 0, example


@pytest.mark.parametrize(
    "arguments",
    [["1x28x28", "conv 4 k3", "nn.ReLU()", "--mirror", "--torch"], ["28", "--to", "14"], ["28", "-k", "3"]],
)
def test_it_stays_light(arguments):
    script = (
        f"import sys\nfrom aetui.cli import main\nassert main(['conv', *{arguments!r}]) == 0\n"
        "print(sorted({'torch', 'textual', 'numpy', 'pydantic', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_a_chain_as_program_and_pipe():
    command = [sys.executable, "-m", "aetui", "conv", "1x28x28", "-", "--preset"]
    done = subprocess.run(command, input="\n".join(ENCODER), capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    lines = tomllib.loads(done.stdout)["encoder"]
    assert parse_chain(lines) == parse_chain(ENCODER)
