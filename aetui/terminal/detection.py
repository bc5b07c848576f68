"""What the terminal is and can show: its answers and the environment put together."""

import os
import termios
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aetui.terminal.answers import Answers, read_answers
from aetui.terminal.capabilities import (
    Observed,
    find_cell_pixels,
    find_kitty,
    find_name,
    find_sixel,
    find_synchronised,
)
from aetui.terminal.environment import TITLES, Environment, Inside, find_colours, find_inside, find_unicode
from aetui.terminal.query import Patience, ask
from aetui.terminal.window import window_of


@dataclass(frozen=True)
class Terminal:
    """What is known of the terminal. What is not known is None."""

    name: str
    inside: Inside
    """The program between aetui and the real terminal, or empty."""
    columns: int | None
    rows: int | None
    cell_pixels: tuple[int, int] | None
    """Width and height of a character cell."""
    colours: int
    """2, 8, 16, 256 or 16,777,216."""
    unicode: bool
    synchronised: bool | None
    """Synchronised output, mode 2026: a frame shows whole or not at all."""
    sixel: bool | None
    kitty: bool | None
    """The kitty graphics protocol, direct placements."""
    answered: bool
    """The terminal answered every question that it knows."""
    reasons: Mapping[str, str]
    """How each field was decided, by its name."""


def detect(
    *,
    unasked: str = "",
    path: str = "/dev/tty",
    environment: Environment = os.environ,
    patience: Patience = Patience(),  # noqa: B008, frozen
    meanwhile: Callable[[], object] = lambda: None,
) -> Terminal:
    """Find out what the terminal at `path` is and can show; call it before anything else reads from there.

    With a reason why it is `unasked`, or where asking is of no use, only the environment is looked at. Takes
    a round trip, in which `meanwhile` is done, and `patience.silence` seconds where nothing answers.
    """
    inside, why_inside = find_inside(environment)
    unasked = unasked or _why_not_ask(environment, inside, why_inside)
    answers = Answers()
    if not unasked:
        try:
            answers = read_answers(ask(path, patience, kitty=not inside, meanwhile=meanwhile))
        except (OSError, termios.error) as error:
            unasked = f"there is no terminal to ask ({error})"
    if inside != "tmux" and answers.version.startswith("tmux"):
        inside, why_inside = "tmux", "its own answer (XTVERSION)"
    return _put_together(Observed(environment, inside, unasked, answers, window_of(path)), why_inside)


def _why_not_ask(environment: Environment, inside: Inside, why_inside: str) -> str:
    if inside == "mosh" or environment.get("STY"):
        return f"inside {TITLES[inside]} ({why_inside})"
    if environment.get("TERM", "") in ("", "dumb", "linux"):
        return f"TERM is {environment.get('TERM') or 'not set'}"
    return ""


def _put_together(seen: Observed, why_inside: str) -> Terminal:
    found: dict[str, tuple[Any, str]] = {
        "name": find_name(seen),
        "inside": (seen.inside, why_inside),
        "cell_pixels": find_cell_pixels(seen),
        "colours": find_colours(seen.environment),
        "unicode": find_unicode(seen.environment),
        "synchronised": find_synchronised(seen),
        "sixel": find_sixel(seen),
        "kitty": find_kitty(seen),
    }
    return Terminal(
        **{name: value for name, (value, _) in found.items()},
        columns=seen.window.columns or None,
        rows=seen.window.rows or None,
        answered=seen.answers.attributes is not None,
        reasons={name: reason for name, (_, reason) in found.items()},
    )
