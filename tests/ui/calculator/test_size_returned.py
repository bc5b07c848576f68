"""Whether a chain comes back to its size, and what is said to mend it."""

import pytest

from aetui.ui.calculator.chain_rows import way_text
from aetui.ui.calculator.editable_chain import read_line

CONVS = "1x28x28 conv 16 k3 s2 p1, relu, conv 32 k3 s2 p1, relu"
BACK = "convt 1 k3 s2 p1 op1"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f"{CONVS}, convt 16 k3 s2 p1 op1, relu, {BACK}", "1x28x28 → 1x28x28, back at its size"),
        (
            f"{CONVS}, convt 16 k3 s2 p1 op1, relu, convt 1 k3 s2 p1, sigmoid",
            f"1x28x28 → 1x27x27, not back at 1x28x28: try {BACK}",
        ),
        (
            f"{CONVS}, convt 8 k3 s2 p1, relu, convt 1 k3 s2 p1",
            "1x28x28 → 1x25x25, not back at 1x28x28: try convt 8 k3 s2 p1 op1",
        ),
        (f"{CONVS}, convt 16 k3 s2 p1 op1", f"1x28x28 → 16x14x14, not back at 1x28x28: add {BACK}"),
        (
            "3x28x28 conv 16 k3 s2 p1, convt 16 k3 s2 p1 op1",
            "3x28x28 → 16x28x28, not back at 3x28x28: end with 3 channels",
        ),
        ("784 linear 32, relu, linear 783", "1x784 → 1x783, not back at 1x784: try linear 784"),
        (
            "1x28x28 flatten, linear 30, linear 729, unflatten 1x27x27",
            "1x28x28 → 1x27x27, not back at 1x28x28: try linear 784",
        ),
        ("1x27x27 maxpool k2, upsample x2", "1x27x27 → 1x26x26, not back at 1x27x27: try convt 1 k2 s2 op1"),
        (CONVS, "1x28x28 → 32x7x7"),
        (f"{CONVS}, flatten, linear 32, linear 64, linear 10", "1x28x28 → 10"),
        ("16 linear 128, relu, linear 10", "1x16 → 1x10"),
        ("3x64x64 conv 8 k3 p1, maxpool k2, conv 9 k3 p1", "3x64x64 → 9x32x32"),
        (f"{CONVS}, conv 3 k99", "1x28x28 → 32x7x7, then it cannot go on"),
    ],
)
def test_a_chain_that_widens_again_says_whether_it_is_back(line, words):
    assert way_text(read_line(line)) == words


def test_what_is_tried_row_by_row_leads_back():
    line = f"{CONVS}, convt 16 k3 s2 p1, relu, convt 1 k3 s2 p1"
    for _ in range(2):
        layer = way_text(read_line(line)).partition("try ")[2]
        line = line.replace(layer.removesuffix(" op1") + ",", layer + ",").removesuffix(" ")
        if line.endswith(layer.removesuffix(" op1")):
            line = line.removesuffix(layer.removesuffix(" op1")) + layer
    assert way_text(read_line(line)).endswith("back at its size")
