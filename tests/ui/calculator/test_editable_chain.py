"""The editable chain: what a line says, and what editing a row makes of it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aetui.shapes.chain import MAX_LAYERS, trace
from aetui.shapes.inverse import Bounds, solve_conv, solve_conv_transpose
from aetui.shapes.language import FORMS, parse_layer
from aetui.ui.calculator.editable_chain import MAX_TEXT, Chain, one_line, read_line, spelled

LINE = "1x28x28 conv 16 k3 s2 p1, relu, conv 32 k3 s2 p1"


def texts(chain: Chain) -> list[str]:
    return [row.text for row in chain.rows]


def outputs(chain: Chain) -> list[tuple[int, ...] | None]:
    return [row.output for row in chain.rows]


@pytest.mark.parametrize(
    "line",
    [
        LINE,
        LINE.replace(",", ";"),
        LINE.replace(", ", "\n"),
        LINE.replace("28 ", "28, "),
        LINE.replace("28 ", "28: "),
        f"  {LINE} ,, ; ",
        "1x28x28 nn.Conv2d(1, 16, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(16, 32, (3, 3), 2, 1)",
        "1x28x28 model = nn.Sequential(nn.Conv2d(1, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 3, 2, 1))",
    ],
)
def test_a_chain_is_read_in_every_way_people_write_it(line):
    chain = read_line(line)
    assert texts(chain) == ["1x28x28", "conv 16 k3 s2 p1", "relu", "conv 32 k3 s2 p1"]
    assert outputs(chain) == [(1, 28, 28), (16, 14, 14), (16, 14, 14), (32, 7, 7)]
    assert chain.problem is None
    assert chain.traced == trace((1, 28, 28), [parse_layer(text) for text in texts(chain)[1:]])


def test_rows_know_their_place_in_the_line():
    line = " 28 conv 1 k3 ; relu,linear 3"
    chain = read_line(line)
    assert [line[row.start : row.stop] for row in chain.rows] == ["28", "conv 1 k3", "relu", "linear 3"]
    assert [chain.row_at(place) for place in (0, 3, 4, 13, 17, 21, len(line))] == [0, 0, 1, 1, 2, 3, 3]


@pytest.mark.parametrize(
    ("line", "row", "message", "hint"),
    [
        ("", 0, "the size is missing", "begin with one"),
        ("conv 1 k3", 0, "the size is missing", "begin with one"),
        ("0x3 relu", 0, "0 is not a size", "1x28x28"),
        ("1x28x relu", 0, "'1x28x' is not a size", "1x28x28"),
        ("28 relu, cnv 3", 2, "'cnv' is not a layer", "did you mean conv?"),
        ("28 relu, conv 3", 2, "kernel size is missing", "for example conv"),
        (
            "1x7x7 relu, conv 8 k9",
            2,
            "a kernel over 9 does not fit into 7",
            "use k7 or smaller, or p1 or larger",
        ),
        (
            "1x7x7 nn.Conv2d(3, 8, 3)",
            1,
            "it is written for 3 channels, its input has 1",
            "write 1 instead of 3",
        ),
        ("1x7x7 nn.Conv2d(1, 8", 1, "is not Python code", "nn.Conv2d"),
        ("28x28x1 conv 8 k3", 1, "28x28x1 has its channels last", "PyTorch has them first: 1x28x28"),
        ("32,32,3 nn.Conv2d(3, 8, 3)", 1, "32x32x3 has its channels last", "3x32x32"),
        ("64x3x32x32 nn.Conv2d(3, 8, 3)", 1, "64 is the batch, which is no part", "write 3x32x32"),
        ("(1, 3, 32, 32) nn.Conv2d(3, 8, 3)", 1, "1 is the batch, which is no part", "write 3x32x32"),
        ("1x7x7 __import__('os')", 1, "not a layer", ""),
    ],
)
def test_the_first_row_that_cannot_be_has_the_reason_and_what_would_mend_it(line, row, message, hint):
    chain = read_line(line)
    problem = chain.rows[row].problem
    assert problem is chain.problem is not None
    assert message in problem.message
    assert hint in problem.hint
    assert not problem.message.startswith("layer ")
    assert [r.output is None for r in chain.rows] == [index >= row for index in range(len(chain.rows))]


@pytest.mark.parametrize("size", ["3,32,32", "3, 32, 32", "(3, 32, 32)", "(3,32,32)", "3x32x32:"])
def test_sizes_as_people_write_them(size):
    chain = read_line(f"{size} conv 8 k3, relu")
    assert outputs(chain) == [(3, 32, 32), (8, 30, 30), (8, 30, 30)]


def test_rows_below_the_first_problem_are_not_computed_but_unreadable_ones_say_so():
    chain = read_line("1x7x7 conv 8 k9, relu, cnv, relu")
    assert [bool(row.problem) for row in chain.rows] == [False, True, False, True, False]
    assert outputs(chain)[1:] == [None] * 4


def test_a_million_layers_are_cut_and_refused():
    chain = read_line("28 " + "relu," * 1_000_000)
    assert len(chain.line) <= MAX_TEXT
    assert len(chain.rows) == MAX_LAYERS + 2
    assert "too many" in chain.rows[-1].problem.message


def test_editing_rows():
    chain = read_line(LINE.replace(",", ";"))
    assert chain.settled().line == LINE
    assert chain.without(2).line == "1x28x28 conv 16 k3 s2 p1, conv 32 k3 s2 p1"
    assert chain.moved(1, 2).line == "1x28x28 relu, conv 32 k3 s2 p1, conv 16 k3 s2 p1"
    assert chain.moved(3, -1).line == "1x28x28 conv 16 k3 s2 p1, conv 32 k3 s2 p1, relu"
    assert chain.replaced(2, "nn.MaxPool2d(2)").line == LINE.replace("relu", "maxpool k2")
    assert chain.replaced(0, "3x32x32").line == LINE.replace("1x28x28", "3x32x32")


@pytest.mark.parametrize(("index", "by"), [(0, 1), (1, -1), (3, 1), (4, -1)])
def test_rows_do_not_move_past_the_ends(index, by):
    chain = read_line(LINE)
    assert chain.moved(index, by) is chain


@pytest.mark.parametrize("index", range(4))
def test_room_for_a_layer_is_made_where_the_cursor_then_stands(index):
    chain = read_line(LINE)
    line, cursor = chain.with_room(index)
    grown = read_line(f"{line[:cursor]}tanh{line[cursor:]}")
    assert texts(grown) == [*texts(chain)[: index + 1], "tanh", *texts(chain)[index + 1 :]]
    assert grown.row_at(cursor + 4) == index + 1
    assert texts(read_line(line)) == texts(chain)


@pytest.mark.parametrize(
    ("layer", "written"),
    [
        ("conv 16 k3", "conv 16 k3 s1 p0 d1 g1"),
        ("conv 16 k3x5 psame bias=false", "conv 16 k3x5 d1 g1 psame bias=false"),
        ("convt 4 k2 op1 s2", "convt 4 k2 s2 p0 op1 d1 g1"),
        ("maxpool k2x3 ceil", "maxpool k2x3 s2x3 p0 d1 ceil"),
        ("avgpool k2 s1", "avgpool k2 s1 p0"),
        ("upsample x2", "upsample x2"),
        ("unflatten 32x7x7", "unflatten 32x7x7"),
        ("leakyrelu -0.2", "leakyrelu -0.2"),
        ("relu", "relu"),
    ],
)
def test_a_layer_is_spelled_with_its_defaults(layer, written):
    assert spelled(parse_layer(layer)) == written
    assert parse_layer(written).torch((12, 9, 9)) == parse_layer(layer).torch((12, 9, 9))


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_kind_is_spelled_as_the_same_layer(form):
    layer = parse_layer(form.example)
    again = parse_layer(spelled(layer))
    assert parse_layer(spelled(again)) == again
    assert type(again) is type(layer)


def numbers(chain: Chain, index: int) -> list[str]:
    return [chain.rows[index].spelled[start:stop] for start, stop in chain.numbers(index)]


def test_numbers_of_rows():
    chain = read_line("1x28x28 conv 16 k3x5, dropout 0.25, relu, nn.Conv2d(1, 0, 3), conv 0 k3")
    found = [numbers(chain, index) for index in range(6)]
    assert found[:2] == [["1", "28", "28"], ["16", "3", "5", "1", "0", "1", "1"]]
    assert found[2:] == [["0.25"], [], ["1", "0", "3"], ["0", "3"]]


def test_a_number_counts_up_and_down_and_the_chain_follows():
    chain = read_line(LINE)
    assert outputs(chain.stepped(1, 1, 2))[1:] == [(16, 13, 13), (16, 13, 13), (32, 7, 7)]
    assert chain.stepped(1, 4, 1).line == LINE.replace("p1,", "p1 d2,", 1)
    assert outputs(chain.stepped(0, 2, -4))[1] == (16, 14, 12)
    assert read_line("28 dropout 0.25").stepped(1, 0, 1).line == "28 dropout 0.26"
    assert read_line("28 dropout 0.9").stepped(1, 0, 1).line == "28 dropout 1.0"


@pytest.mark.parametrize(
    ("line", "index", "number"),
    [("28 conv 1 k3", 1, 0), ("28 conv 4 k3", 1, 3), ("28 dropout 0.0", 1, 0), ("1x1 relu", 0, 1)],
)
def test_a_number_stops_where_the_layer_can_no_longer_have_it(line, index, number):
    chain = read_line(line)
    assert chain.stepped(index, number, -1) is chain


def test_rows_that_cannot_be_are_mended_by_their_numbers():
    chain = read_line("1x7x7 conv 8 k9, relu")
    assert chain.stepped(1, 1, -2).problem is None
    assert chain.stepped(1, 3, 1).problem is None
    assert read_line("28 conv 0 k3").stepped(1, 0, 1).problem is None


def test_code_that_is_edited_no_longer_insists_on_its_channels():
    chain = read_line("1x28x28 nn.Sequential(nn.Conv2d(1, 16, 3), nn.Conv2d(16, 8, 3))")
    changed = chain.stepped(1, 0, 1)
    assert changed.line == "1x28x28 conv 17 k3, conv 8 k3"
    assert changed.problem is None


def test_an_answer_of_the_inverse_replaces_the_options_alone():
    down = solve_conv([28, 28], [14, 14], Bounds())[0]
    up = next(s for s in solve_conv_transpose([14], [28], Bounds()) if s.output_padding)
    chain = read_line("4x28x28 conv 16 k9 g4 bias=false, convt 8 k2 g2")
    assert chain.solved(1, down).line == f"4x28x28 conv 16 {down.text} g4 bias=false, convt 8 k2 g2"
    assert outputs(chain.solved(1, down).solved(2, up))[1:] == [(16, 14, 14), (8, 28, 28)]


def test_pasted_code_becomes_one_line():
    code = """
    import torch
    from torch import nn
    # the encoder
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3),  # 26x26
        nn.ReLU(),
    )
    """
    assert texts(read_line("1x28x28 " + one_line(code)))[1:] == ["conv 16 k3", "relu"]
    lines = "nn.Conv2d(1, 16, 3),\nnn.ReLU(),\nconv 8 k3\n\nrelu"
    assert texts(read_line("1x28x28 " + one_line(lines)))[1:] == ["conv 16 k3", "relu", "conv 8 k3", "relu"]


@pytest.mark.parametrize("line", [",:", "0,:", ",0:", ",5 relu", ", conv 1 k3"])
def test_rewriting_the_line_turns_no_layer_into_the_size(line):
    chain = read_line(line)
    assert texts(chain.settled()) == texts(chain)


words = st.sampled_from(
    [
        *(form.example for form in FORMS.values()),
        "1x28x28",
        ",",
        ";",
        "(",
        ")",
        "nn.Conv2d(1, 2, 3)",
        "\n",
        "k0",
    ]
)
lines = st.one_of(st.text(), st.lists(st.one_of(words, st.text(max_size=5)), max_size=12).map(" ".join))


@given(lines)
def test_any_text_is_read(text):
    chain = read_line(text)
    assert chain.rows
    assert (chain.problem is None) == all(row.output for row in chain.rows)
    read_line(one_line(text))


@settings(deadline=None)
@given(lines, st.data())
def test_any_chain_can_be_edited(text, data):
    chain = read_line(text)
    for _ in range(4):
        index = data.draw(st.integers(0, len(chain.rows) - 1))
        assert chain.settled().settled().line == chain.settled().line
        by = data.draw(st.integers(-2, 2))
        chain.with_room(index)
        if count := len(chain.numbers(index)):
            chain = chain.stepped(index, data.draw(st.integers(0, count - 1)), by)
        elif index and data.draw(st.booleans()):
            chain = chain.without(index)
        else:
            chain = chain.moved(index, by)
