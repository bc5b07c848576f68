"""Text for people: foreign strings made harmless, numbers as people read them."""

import math
import shlex
import unicodedata

_THOUSANDS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
LONGEST_SECONDS = 1e11
"""Three thousand years."""
_ZERO_WIDTH_JOINER = "\u200d"  # holds emoji together, moves nothing


def plain_word(text: str) -> str:
    """Of foreign text what a file may be called: 40 letters, digits, - and _; others become -."""
    return "".join(char if char.isascii() and (char.isalnum() or char in "-_") else "-" for char in text)[:40]


def for_shell(word: object) -> str:
    """A word of a command that a person is told, as a path: nothing in it means something to a shell."""
    return shlex.quote(str(word))


def safe_text(value: object) -> str:
    """One line that shows `value` literally: every control character is made visible.

    C0 controls become their Unicode pictures (ESC is ␛); other controls, bidirectional
    marks, line separators and lone surrogates become backslash escapes.
    """
    return "".join(map(_visible, str(value)))


def _visible(char: str) -> str:
    code = ord(char)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if char != _ZERO_WIDTH_JOINER and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return char


def format_number(value: float | None) -> str:
    """Three significant digits, thousands as k: 0.0337, 12.5, 28.1k, 1.20e-7; an unknown value is –."""
    if value is None:
        return "–"
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "-∞"
    if value == 0:
        return "0"
    if not 1e-4 <= abs(value) < 1e12:
        mantissa, exponent = f"{value:.2e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    value = float(f"{value:.2e}")
    scale, unit = next(((factor, unit) for factor, unit in _THOUSANDS if abs(value) >= factor), (1.0, ""))
    decimals = max(0, 2 - math.floor(math.log10(abs(value) / scale)))
    return f"{value / scale:.{decimals}f}{unit}"


def format_count(value: float | None) -> str:
    """A whole number, thousands as k: 950, 28.1k, 1.46M; an unknown value is –."""
    if value is None or not math.isfinite(value):
        return "–"
    return format_number(value) if abs(value) >= 999.5 else f"{value:.0f}"


def format_bytes(value: float | None) -> str:
    """Bytes in decimal units: 11.6 MB; an unknown value is –."""
    if value is None:
        return "–"
    for factor, unit in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if value >= factor * 0.9995:
            return f"{format_number(value / factor)} {unit}"
    return f"{value:.0f} B"


def format_duration(seconds: float | None) -> str:
    """A duration as people say it: 8 s, 1 m 12 s, 2 h 05 m, 3 d 4 h; one unknown or beyond belief is –."""
    if seconds is None or not abs(seconds) < LONGEST_SECONDS:
        return "–"
    if 0 < seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(max(0.0, seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02d} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} m"
    return f"{whole // 86400} d {whole % 86400 // 3600} h"


def plural(count: int, noun: str) -> str:
    """`1 epoch`, `2 epochs`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
