"""A desktop notification by the terminal, where it is one that shows them."""

from collections.abc import Mapping

from aetui.text import safe_text

BY_9 = ("iTerm.app", "WezTerm", "ghostty", "kitty")
"""Terminals that take OSC 9, by TERM_PROGRAM or TERM: https://iterm2.com/documentation-escape-codes.html."""
BY_777 = ("foot", "rxvt")
"""Those that take urxvt's OSC 777."""


def notification(text: str, environment: Mapping[str, str]) -> str:
    """What to write to the terminal besides its bell; empty for a terminal that knows neither, as tmux."""
    if "TMUX" in environment or "STY" in environment:
        return ""
    names = environment.get("TERM_PROGRAM", ""), environment.get("TERM", "")
    said = safe_text(text).replace(";", ",")
    if any(known in name for known in BY_9 for name in names):
        return f"\x1b]9;{said}\x07"
    if any(known in name for known in BY_777 for name in names):
        return f"\x1b]777;notify;aetui;{said}\x07"
    return ""
