"""Captions within a width."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from aetui.ui.pictures.captions import longest_with_room, shortened


@pytest.mark.parametrize(
    ("text", "width", "cut"),
    [
        ("heart 3.06 ▲484", 15, "heart 3.06 ▲484"),
        ("heart 3.06 ▲484", 14, "heart 3.06 …"),
        ("heart 3.06 ▲484", 11, "heart 3.06…"),
        ("heart 3.06 ▲484", 10, "heart …"),
        ("heart 28.1k", 10, "heart …"),
        ("#2: triangle", 10, "#2: trian…"),
        ("#1234: cat", 5, "…"),
        ("日本語", 4, "日…"),
    ],
)
def test_text_is_cut_but_no_number(text, width, cut):
    assert shortened(text, width).rstrip() == cut


@pytest.mark.parametrize(
    ("texts", "width", "shown"),
    [
        (["cat→dog 0.250 ▲2", "cat→dog 0.250", "cat→dog"], 16, "cat→dog 0.250 ▲2"),
        (["cat→dog 0.250 ▲2", "cat→dog 0.250", "cat→dog"], 15, "cat→dog 0.250"),
        (["cat→dog 0.250 ▲2", "cat→dog 0.250", "cat→dog"], 8, "cat→dog"),
        (["cat→dog 0.250 ▲2", "cat→dog 0.250", "cat→dog"], 5, "cat→…"),
        ("cat 0.250", 6, "cat …"),
    ],
)
def test_the_longest_text_with_room_is_shown(texts, width, shown):
    assert longest_with_room(texts, width) == shown.ljust(width)


@given(st.text(), st.integers(0, 30))
def test_any_text_is_as_wide_as_its_place(text, width):
    assert cell_len(shortened(text, width)) == width


@given(st.lists(st.integers(0, 99999), min_size=1), st.integers(1, 30))
def test_a_number_is_whole_or_not_there(numbers, width):
    found = re.findall(r"\d+", shortened(" ".join(f"▲{number}" for number in numbers), width))
    assert found == [str(number) for number in numbers[: len(found)]]
