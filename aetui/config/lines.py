"""Which line of a TOML file a key stands on; the standard parser does not tell."""

import re

_TABLE = re.compile(r"\[+([^\[\]#]+)\]+\s*(#.*)?$")
_KEY = re.compile(
    r"^\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'))*)\s*="
)


def key_lines(text: str) -> dict[str, int]:
    """Map every dotted key and table of a valid TOML text to its line number, counted from 1.

    Items of a list are `key.0`, `key.1`, … on the line where each stands when it is written one a line.
    """
    lines: dict[str, int] = {}
    table, key, item = "", "", 0
    for number, line in enumerate(text.splitlines(), start=1):
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
    while key:
        if key in lines:
            return lines[key]
        key = key.rpartition(".")[0]
    return 1


def _dotted(name: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in name.split("."))


def _joined(table: str, name: str) -> str:
    return f"{table}.{name}" if table else name
