"""What the environment tells of the terminal, each with how it was decided."""

from collections.abc import Mapping
from typing import Literal

Inside = Literal["", "tmux", "screen", "mosh"]
Environment = Mapping[str, str]

TITLES: Mapping[Inside, str] = {"tmux": "tmux", "screen": "GNU screen", "mosh": "mosh", "": ""}

_TRUE_COLOUR = 1 << 24
_TRUE_COLOUR_TERMS = ("kitty", "ghostty", "alacritty", "foot", "wezterm", "contour", "direct")
_COLOURLESS_TERMS = ("", "dumb", "unknown", "vt100", "vt102", "vt220")


def find_inside(environment: Environment) -> tuple[Inside, str]:
    """Which program stands between aetui and the real terminal.

    GNU screen comes before tmux: with both, one of them passes no pictures through.
    """
    term = environment.get("TERM", "")
    if environment.get("STY"):
        return "screen", "STY is set"
    if environment.get("TMUX"):
        return "tmux", "TMUX is set"
    if term.startswith("tmux"):
        return "tmux", f"TERM is {term}"
    if _below_mosh():
        return "mosh", "a parent process is mosh-server"
    if term.startswith("screen"):
        return "screen", f"TERM is {term}"
    return "", "neither TMUX, STY nor a mosh-server among the parent processes"


def find_colours(environment: Environment) -> tuple[int, str]:
    """How many colours: 2, 8, 16, 256 or 2^24. TERM is what is left of it over SSH."""
    term = environment.get("TERM", "")
    colorterm = environment.get("COLORTERM", "")
    by_term = f"TERM is {term or 'not set'}"
    if environment.get("NO_COLOR"):
        return 2, "NO_COLOR is set"
    if term in _COLOURLESS_TERMS:
        return 2, by_term
    if colorterm.lower() in ("truecolor", "24bit"):
        return _TRUE_COLOUR, f"COLORTERM is {colorterm}"
    if any(known in term for known in _TRUE_COLOUR_TERMS):
        return _TRUE_COLOUR, by_term
    if "256" in term:
        return 256, by_term
    return (8 if term in ("linux", "screen", "ansi") else 16), by_term


def find_unicode(environment: Environment) -> tuple[bool, str]:
    """Whether text is UTF-8, by the locale."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        if locale := environment.get(name, ""):
            return "utf8" in locale.lower().replace("-", ""), f"{name} is {locale}"
    return False, "no locale is set"


def _below_mosh() -> bool:
    import psutil

    try:
        return any(parent.name() == "mosh-server" for parent in psutil.Process().parents())
    except psutil.Error:
        return False
