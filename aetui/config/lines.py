"""Which line of a TOML file a key stands on; the standard parser does not tell."""

import re

_TABLE = re.compile(r"\[+([^\[\]#]+)\]+\s*(#.*)?$")
_KEY = re.compile(
    r"^\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'))*)\s*="
)


MOST_PARTS = 16
"""Of a dotted key; no section has more."""
LONGEST_KEY = 300
"""Characters; of longer keys, which nobody knows, no lines are kept."""
_TOKEN = re.compile(
    r"""(?P<other>#[^\n]*|\"{3}(?:[^"\\]|\\[\s\S]|"(?!""))*(?:\"{3})?|'{3}(?:[^']|'(?!''))*(?:'{3})?)"""
    r"""|(?P<part>[\w-]+|"(?:[^"\\\n]|\\.)*"?|'[^'\n]*'?)|(?P<dot>\.)|[ \t]+|(?P<more>[\s\S])"""
)
"""Comments and strings of several lines, and what keys are made of. Each byte is read once: a quote that
nothing closes ends with its line, or with the text."""


def line_of_long_key(text: str) -> int:
    """The line of the first dotted key of more than `MOST_PARTS` parts; 0 where there is none."""
    parts, joined = 0, False
    for token in _TOKEN.finditer(text):
        if token.lastgroup == "part":
            parts, joined = (parts + 1 if joined else 1), False
            if parts > MOST_PARTS:
                return text.count("\n", 0, token.start()) + 1
        elif token.lastgroup == "dot":
            joined = parts > 0
        elif token.lastgroup in ("other", "more"):
            parts, joined = 0, False
    return 0


def key_lines(text: str) -> dict[str, int]:
    """Map every dotted key and table of a valid TOML text to its line number, counted from 1.

    Items of a list are `key.0`, `key.1`, … on the line where each stands when it is written one a line.
    """
    lines: dict[str, int] = {}
    table, key, item = "", "", 0
    for number, line in enumerate(text.split("\n"), start=1):
        if len(table) + len(key) > LONGEST_KEY:
            table, key = table[:LONGEST_KEY], ""
        if match := _TABLE.match(line.lstrip()):
            table, key = _dotted(match[1]), ""
            lines.setdefault(table, number)
        elif match := _KEY.match(line):
            key, item = _joined(table, _dotted(match[1])), 0
            lines.setdefault(key, number)
        elif key and line.strip()[:1] in ('"', "'"):
            lines[f"{key}.{item}"] = number
            item += 1
    return lines


def line_of(lines: dict[str, int], key: str) -> int:
    """The line of `key`, or of the nearest table or key around it; 1 where nothing is known."""
    key = key[:LONGEST_KEY]
    while key:
        if key in lines:
            return lines[key]
        key = key.rpartition(".")[0]
    return 1


def _dotted(name: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in name.split("."))


def _joined(table: str, name: str) -> str:
    return f"{table}.{name}" if table else name
