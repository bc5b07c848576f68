"""Model code as people have it is followed, and gives torch's sizes and numbers; none of it is run."""

import contextlib
import re
import textwrap

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from model_samples import BLOCKS, FUNCTIONAL, HEAD, INHERITED, RESIZED, SEQUENTIALS, TWO_CLASSES
from torch import nn

from aetui.models.build import build_chain
from aetui.shapes.chain import trace
from aetui.shapes.errors import LanguageError
from aetui.shapes.language import read_code


@pytest.mark.parametrize("code", [FUNCTIONAL, TWO_CLASSES, BLOCKS, INHERITED, SEQUENTIALS, RESIZED])
def test_what_is_read_is_what_torch_runs(code):
    read = read_code(HEAD + code)
    assert read.problem is None
    rows = trace((1, 28, 28), read.layers)
    names = {}
    exec(HEAD + code, names)
    model, image = names["model"].eval(), torch.rand(2, 1, 28, 28)
    returned = model(image)
    expected = returned[0] if isinstance(returned, tuple) else returned
    assert rows[-1].output == expected.shape[1:]
    called = set()
    for part in model.modules():
        if not list(part.children()):
            part.register_forward_hook(lambda part, *_: called.add(part))
    model(image)
    assert sum(row.parameters for row in rows) == sum(p.numel() for part in called for p in part.parameters())
    ours = build_chain((1, 28, 28), read.layers).eval()
    with torch.no_grad():
        for mine, its in zip(
            ours.parameters(),
            [p for m in model.modules() if m in called for p in m.parameters()],
            strict=True,
        ):
            mine.copy_(its)
        assert torch.allclose(ours(image), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("body", "layers", "message"),
    [
        ("h = self.a(x)\nreturn h + x", ["conv 4 k3 p1"], "line 9: 'h + x' joins two ways"),
        (
            "return torch.cat([self.a(x), x], 1)",
            ["conv 4 k3 p1"],
            "torch.cat([self.a(x), x], 1)' joins",
        ),
        ("x = self.a(x)\nx += x\nreturn x", ["conv 4 k3 p1"], "line 9: 'x + x' joins two ways"),
        ("if x.mean() > 0:\n    x = self.a(x)\nreturn x", [], "line 8: 'if x.mean() > 0:' is not followed"),
        ("return self.a(x), self.b(x)", ["conv 4 k3 p1"], "line 8: 'self.z'"),
        ("return self.missing(x)", [], "line 8: 'self.missing' is not set in __init__"),
        ("return self.lstm(self.a(x))", ["conv 4 k3 p1"], "line 5: 'LSTM' is not a layer"),
        ("return self.a(x).view(-1)", ["conv 4 k3 p1"], "the samples of a batch are mixed"),
        ("return self.a(x).flatten()", ["conv 4 k3 p1"], "mixes the samples of a batch"),
        (
            "x = self.a(x)\nx.relu_()\nreturn x",
            ["conv 4 k3 p1"],
            "line 9: 'x.relu_()' changes its data in place",
        ),
        ("while True:\n    x = self.a(x)\nreturn x", [], "line 8: 'while True:' is not followed"),
        ("return self.forward(x)", [], "is called too deep inside itself"),
    ],
)
def test_what_cannot_be_followed_is_named_with_its_line(body, layers, message):
    code = (
        "class Net(nn.Module):\n    def __init__(self, size):\n        super().__init__()\n"
        "        self.a = nn.Conv2d(1, 4, 3, padding=1)\n        self.lstm = nn.LSTM(4, 4)\n"
        "        self.b = nn.Linear(size, 2)\n    def forward(self, x):\n"
    ) + textwrap.indent(body, " " * 8)
    read = read_code(code)
    assert [layer.text for layer in read.layers] == layers
    if "self.b" in body:
        assert "gives size no value" in read.problem.message
        assert read.problem.hint == "give it a default: size=32"
    else:
        assert message in read.problem.message


def test_classes_one_after_the_other_or_the_one_that_is_named():
    code = HEAD + "\n".join(TWO_CLASSES.split("class AE")[:1])
    both = read_code(code)
    assert both.notes == ("Encoder, then Decoder; `aetui conv --class NAME` reads one",)
    assert [layer.kind for layer in both.layers].count("linear") == 5
    assert [layer.kind for layer in read_code(code, "Decoder").layers] == ["linear", "unflatten"]
    with pytest.raises(LanguageError, match="there is no model class 'Coder'") as caught:
        read_code(code, "Coder")
    assert caught.value.hint == "there are Encoder, Decoder"


def test_without_forward_the_order_of_definition_is_said():
    read = read_code(
        "class Net(nn.Module):\n  def __init__(self):\n    self.a = nn.Linear(4, 2)\n    self.b = nn.ReLU()"
    )
    assert [layer.text for layer in read.layers] == ["linear 2", "relu"]
    assert read.notes == ("Net has no forward: its layers in the order of their definition",)


@pytest.mark.parametrize(
    "code",
    [
        "class A(nn.Module):\n  x = open('ran', 'w')\n  def forward(self, x):\n    open('ran')\n    return x",
        "import os\nos.system('touch ran')\nclass A(nn.Module):\n  def forward(self, x): return F.relu(x)",
        "class A(nn.Module):\n  def forward(self, x, y=__import__('os').mkdir('ran')): return F.relu(x)",
        "a = [1]\n" + "a = a + a\n" * 60 + "net = nn.Linear(len(a), 2)",
        "a = 9\n" + "a = a ** 9\n" * 60 + "net = nn.Linear(a, 2)",
        "a = [1]\n" + "a.extend(a)\n" * 60 + "net = nn.Linear(len(a), 2)",
        "a = [nn.ReLU()]\n" + "a = [a, a]\n" * 60,
        "a = (1, 1)\n" + "a = (a, a)\n" * 60 + "net = nn.Conv2d(1, 2, a)",
        "net = nn.Linear(int(1e999), int()), nn.Conv2d(-'x', len(), range(1, 2, 0))\na = {[]: 1}\nlist(1, 2)",
        "net = nn.ReLU()\n" + "net = nn.Sequential(net, net)\n" * 60,
        "def f(x):\n  f(x)\n  f(x)\nf(1)\nnet = nn.ReLU()",
        "class A(nn.Module):\n  def forward(self, x):\n    return " + "F.relu(" * 300 + "x" + ")" * 300,
        "class A(A):\n  def forward(self, x): return F.relu(x)",
    ],
)
def test_nothing_is_run_and_nothing_takes_long(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with contextlib.suppress(LanguageError):
        read_code(code)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("model", [FUNCTIONAL, TWO_CLASSES, BLOCKS, INHERITED, SEQUENTIALS])
def test_what_print_shows_is_read(model):
    """Every module that it names, in the order of definition."""
    names = {}
    exec(HEAD + model, names)
    read = read_code(str(names["model"]))
    assert read.problem is None
    leaves = [type(part).__name__ for part in names["model"].modules() if not list(part.children())]
    assert [layer.torch_name for layer in read.layers] == [
        name if name in ("ReLU6", "Flatten") else name.rstrip("123d") for name in leaves if "Loss" not in name
    ]


def test_lazy_modules_print_the_input_that_they_do_not_know():
    model = nn.Sequential(nn.LazyConv2d(8, 3), nn.LazyBatchNorm2d(), nn.Flatten(), nn.LazyLinear(10))
    read = read_code(str(model))
    assert read.problem is None
    assert trace((3, 9, 9), read.layers)[-1].output == model(torch.zeros(2, 3, 9, 9)).shape[1:] == (10,)


def test_a_printout_is_read_up_to_what_is_not_known():
    read = read_code(
        "Net(\n  (a): Sequential(\n    (0-1): 2 x Conv2d(1, 1, kernel_size=(3, 3), padding=same)\n  )\n"
        "  (b): MSELoss()\n  (c): MyLayer(3)\n  (d): ReLU()\n)"
    )
    assert [layer.text for layer in read.layers] == ["conv 1 k3 psame"] * 2
    assert read.notes == ("Net: its layers in the order of their definition", "MSELoss() is left out")
    assert read.problem.message == "line 6: 'MyLayer(3)' is not a layer that is known here"


def test_lines_of_their_own_are_read_and_what_is_not_is_said():
    read = read_code("latent = 3\nnn.Linear(9, latent)\nnn.ReLU(),\nlast = nn.LSTM(3, 3)\nout = [nn.Tanh()]")
    assert [layer.text for layer in read.layers] == ["linear 3", "relu", "tanh"]
    assert read.notes == ("last is left out: line 4: 'LSTM' is not a layer that is known here",)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_damage_to_code_breaks_the_reader(data):
    code = data.draw(st.sampled_from([FUNCTIONAL, TWO_CLASSES, BLOCKS, INHERITED, RESIZED]))
    words = re.split(r"(\W)", code)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(words) - 1))
        words[place] = data.draw(st.sampled_from(["", "x", "self", "0", "-1", "None", "[]", "1e999", *words]))
    with contextlib.suppress(LanguageError):
        read_code("".join(words))


def test_a_printout_nested_too_deep_is_refused():
    with pytest.raises(LanguageError, match="nested too deep"):
        read_code("\n".join("(a): Sequential(" for _ in range(5000)))
