"""`aetui conv SIZE -`: code on standard input is read, never run."""

import pytest


@pytest.mark.parametrize(
    "text",
    [
        "nn.Sequential(nn.ReLU(),",
        "(" * 3000,
        "relu\n" * 1001,
        "relu\n" * 250_000,
        bytes(range(128, 256)) * 10,
        "x = 1",
        "nn.Conv2d(*[1, 2, 3])",
    ],
)
def test_any_text_on_stdin_is_answered(conv, text):
    code, out, err = conv("28", "-", stdin=text)
    assert (code, out) == (2, "")
    assert "Traceback" not in err


def test_code_without_a_layer_says_so(conv):
    code, out, err = conv("28", "-", stdin="class A(nn.Module):\n def forward(self, x): return x")
    assert (code, out) == (2, "")
    assert "applies no layer" in err


def test_no_code_is_run(conv, tmp_path):
    file = tmp_path / "made"
    for code in (f"open({str(file)!r}, 'w')", f"__import__('os').mkdir({str(file)!r})"):
        for layer in (code, f"nn.Linear(28, {code})", f"nn.Sequential({code})"):
            assert conv("28", layer)[0] == conv("28", "-", stdin=layer)[0] == 2
    assert not file.exists()


def test_a_class_is_shown_up_to_what_is_not_followed(conv):
    net = (
        "class N(nn.Module):\n def forward(self, x):\n  h = nn.Conv2d(1, 4, 3, padding=1)(x)\n  return h + x"
    )
    code, out, err = conv("1x8x8", "-", stdin=net)
    assert code == 2
    assert "4x8x8" in out
    assert "line 4: 'h + x' joins two ways" in err


def test_the_class_that_is_named_is_read_and_what_is_left_out_is_said(conv):
    code = (
        "class A(nn.Module):\n def forward(self, x): return F.relu(x)\n"
        "class B(nn.Module):\n def forward(self, x): return nn.BatchNorm2d(1, 0.8)(x)"
    )
    assert "A, then B; `aetui conv --class NAME` reads one" in conv("1x8x8", "-", stdin=code)[2]
    status, out, err = conv("1x8x8", "-", "--class", "B", stdin=code)
    assert (status, "relu" in out) == (0, False)
    assert "batchnorm: eps=0.8 changes no size and is left out" in err
