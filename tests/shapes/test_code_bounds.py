"""Pasted code that would take for ever: it is refused, or read, within seconds (the time limits below)."""

import pytest

from aetui.shapes.language import LanguageError, read_code
from aetui.shapes.pytorch import MAX_TEXT

pytestmark = pytest.mark.timeout(15)

LOOPS = "x = 1\nfor i in range(100):\n  for j in range(90):\n    "


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\n" * (MAX_TEXT - 1) + "x", id="empty lines"),
        pytest.param(" " * (MAX_TEXT - 1) + "x", id="spaces"),
        pytest.param("a " * (MAX_TEXT // 2), id="words"),
    ],
)
def test_what_is_no_code_is_seen_at_once(text):
    assert read_code(text) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("#" * (MAX_TEXT + 1), "characters are too much code", id="long"),
        pytest.param("(0): " + " " * (MAX_TEXT - 10) + "x)", "is not a layer", id="spaces in a printout"),
        pytest.param(
            "class C0(nn.Module): pass\n"
            + "".join(f"class C{n}(C{n - 1}, C{n - 1}): pass\n" for n in range(1, 40)),
            "too long to be followed",
            id="bases twice",
        ),
        pytest.param(LOOPS + "while q:\n      a = [" + "1," * 500 + "]", "too long", id="long statements"),
        pytest.param(LOOPS + "a = f(z[" + "1," * 500 + "])", "too long", id="long expressions"),
        pytest.param(
            "def f(" + ",".join(f"a{n}" for n in range(2000)) + "):\n  pass\n" + LOOPS + "f(1)",
            "too long to be followed",
            id="many parameters",
        ),
        pytest.param("x = [0] * 1500\nm = nn.Conv2d(1, len(x), 1)", "is too long", id="a long list"),
        pytest.param("m = nn.Conv2d(1, len(range(1500)), 1)", "is too long", id="a long range"),
        pytest.param(
            "m = nn.Sequential(*[nn.Conv2d(1, 1, 1)] * 5000)", "is too long", id="a layer again and again"
        ),
        pytest.param("x = 1\nnn.Linear(3, 0x" + "f" * 20_000 + ")", "not Python code", id="hexadecimal"),
        pytest.param("x = 0x" + "f" * 20_000 + "\ny = x + x", "not Python code", id="a name for it"),
    ],
)
def test_what_takes_too_long_is_refused(text, said):
    try:
        read = read_code(text)
    except LanguageError as error:
        problem = error
    else:
        problem = read.problem
    assert said in problem.message
    assert len(problem.message) < 300


def test_a_seed_of_many_digits_is_no_mistake():
    read = read_code("SEED = 0xdeadbeefdeadbeefdeadbeef\nmodel = nn.Sequential(nn.Linear(3, 4))")
    assert [layer.text for layer in read.layers] == ["linear 4"]
