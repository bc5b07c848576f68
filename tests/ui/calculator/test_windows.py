"""The windows of a layer, drawn and in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aetui.ui.calculator.editable_chain import read_line
from aetui.ui.calculator.windows import draw_axis, draw_plane, windows


@pytest.mark.parametrize(
    ("line", "output", "lines"),
    [
        ("6 conv 1 k3 s2 p1", 0, ["▪ ■ ■ □ □ □ □ ×", "╰───╯", "■ □ □"]),
        ("6 conv 1 k3 s2 p1", 1, ["· □ ■ ■ ■ □ □ ×", "    ╰───╯", "□ ■ □"]),
        ("6 conv 1 k2 d3", 2, ["□ □ ■ □ □ ■", "    ╰─────╯", "□ □ ■"]),
        ("3 convt 1 k3 s2 p1", 1, ["■ ■ □", "╰─╯", "□ ■ □ □ □"]),
        ("3 convt 1 k2 s3", 2, ["□ □ □", "", "□ □ ■ □ □ □ □ □"]),
        ("5 adaptiveavgpool 2", 1, ["□ □ ■ ■ ■", "    ╰───╯", "□ ■"]),
    ],
)
def test_drawing_of_one_axis(line, output, lines):
    (axis,) = windows(read_line(line).rows[1].traced)
    drawn = [text[7:].rstrip() for text in draw_axis(axis, output, 60).plain.split("\n")]
    assert drawn == lines


@given(
    st.sampled_from(["conv 1", "convt 1", "maxpool", "avgpool"]),
    *(st.integers(low, 5) for low in (1, 1, 0, 1)),
    st.integers(1, 12),
    st.sampled_from(["", " ceil", " psame"]),
)
def test_every_input_that_an_output_reads_is_drawn(kind, k, s, p, d, size, flag):
    chain = read_line(f"{size} {kind} k{k} s{s} p{p} d{d}{flag}".replace(" d1", ""))
    for axis in windows(chain.rows[1].traced) if chain.traced else ():
        for output in range(axis.outputs):
            drawn = draw_axis(axis, output, 1000).plain.split("\n")[0][7:].split()
            read = axis.window.read(output)
            assert drawn.count("■") == sum(0 <= x < size for x in read)
            assert drawn.count("▪") == (0 if kind == "convt 1" else sum(not 0 <= x < size for x in read))
            assert drawn.count("×") == chain.traced[0].unused[0]
            assert axis.sentence(output)


def test_a_long_axis_is_drawn_around_its_window():
    (axis,) = windows(read_line("1000000 conv 1 k3 s2").rows[1].traced)
    drawn = draw_axis(axis, 250_000, 30).plain.split("\n")
    assert max(map(len, drawn)) <= 30
    assert "■■■" in drawn[0]


def test_drawing_of_a_plane():
    rows, columns = windows(read_line("1x4x5 conv 1 k2x3 s2 p1x0").rows[1].traced)
    drawn = [line.rstrip() for line in draw_plane(rows, columns, (0, 1), 60).plain.split("\n")]
    assert drawn == ["· · ▪ ▪ ▪", "□ □ ■ ■ ■", *["□ □ □ □ □"] * 3, "· · · · ·"]
