"""Foreign text is shown literally; numbers read as people write them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aetui.text import format_bytes, format_count, format_duration, format_number, safe_text


@given(st.text())
def test_nothing_that_controls_a_terminal_is_left(text):
    shown = safe_text(text)
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in shown)
    shown.encode()


def test_safe_text_keeps_what_is_harmless_and_shows_the_rest():
    assert safe_text("[/x] é 👨‍👩‍👧 日本") == "[/x] é 👨‍👩‍👧 日本"
    assert safe_text("a\x1b[31m\nb\x00\x7f\x9b\u202e\ud800") == "a␛[31m␊b␀␡\\x9b\\u202e\\ud800"


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (format_number(0.033712), "0.0337"),
        (format_number(0.00099999), "0.00100"),
        (format_number(12.345), "12.3"),
        (format_number(1.2e-7), "1.20e-7"),
        (format_number(0), "0"),
        (format_number(float("nan")), "NaN"),
        (format_number(None), "–"),
        (format_count(950), "950"),
        (format_count(28_123), "28.1k"),
        (format_count(999_600), "1.00M"),
        (format_bytes(11_600_000), "11.6 MB"),
        (format_bytes(None), "–"),
        (format_duration(0.44), "0.4 s"),
        (format_duration(8), "8.0 s"),
        (format_duration(72), "1 m 12 s"),
        (format_duration(7500), "2 h 05 m"),
        (format_duration(100_000), "1 d 3 h"),
        (format_duration(float("inf")), "–"),
        (format_duration(1e308), "–"),
    ],
)
def test_numbers(shown, expected):
    assert shown == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.03371, "0.0337"),
        (0.034, "0.0340"),
        (28_123, "28.1k"),
        (999.6, "1.00k"),
        (99.96, "100"),
        (1.2e-5, "1.20e-5"),
        (1e15, "1.00e15"),
        (2.5e6, "2.50M"),
        (0, "0"),
        (-3.2, "-3.20"),
        (float("nan"), "NaN"),
        (float("-inf"), "-∞"),
    ],
)
def test_numbers_have_three_significant_digits(value: float, text: str) -> None:
    assert format_number(value) == text
