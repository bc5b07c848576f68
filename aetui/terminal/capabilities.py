"""What the answers and the environment mean together: every finding is a value and how it was decided."""

from dataclasses import dataclass

from aetui.terminal.answers import Answers, is_cell
from aetui.terminal.environment import TITLES, Environment, Inside
from aetui.terminal.window import Window

_PASSED_OVER = "the terminal passed over the question"


@dataclass(frozen=True)
class Observed:
    """Everything that is judged."""

    environment: Environment
    inside: Inside
    unasked: str
    """Why nothing was asked, or empty."""
    answers: Answers
    window: Window

    @property
    def no_answer(self) -> str:
        """Why a question has no answer."""
        if self.unasked:
            return f"not asked, {self.unasked}"
        return "the terminal did not answer" if self.answers.attributes is None else _PASSED_OVER


def find_name(seen: Observed) -> tuple[str, str]:
    if seen.answers.version:
        return seen.answers.version, "its own answer (XTVERSION)"
    if seen.inside:
        return TITLES[seen.inside], "aetui runs inside it"
    if program := seen.environment.get("TERM_PROGRAM"):
        return f"{program} {seen.environment.get('TERM_PROGRAM_VERSION', '')}".strip(), "TERM_PROGRAM"
    return seen.environment.get("TERM") or "unknown", "TERM"


def find_cell_pixels(seen: Observed) -> tuple[tuple[int, int] | None, str]:
    """Width and height: as answered, or the window's pixels by its cells. What cannot be is unknown."""
    answered, window = seen.answers.cell_pixels, seen.window
    if answered and is_cell(*answered):
        return answered, "the terminal's answer"
    if window.columns and window.rows:
        cell = window.width // window.columns, window.height // window.rows
        if is_cell(*cell):
            return cell, f"the window's {window.width}x{window.height} pixels by its cells"
    if answered:
        return None, f"the terminal answered {answered[0]}x{answered[1]}, which cannot be"
    return None, seen.no_answer


def find_synchronised(seen: Observed) -> tuple[bool | None, str]:
    """DECRPM: 1 set, 2 reset, 3 always set; 0 is a mode that the terminal does not know, 4 never set."""
    report = seen.answers.synchronised
    if report is None:
        return None, seen.no_answer
    return report in (1, 2, 3), f"the terminal answered {report} for mode 2026"


def find_sixel(seen: Observed) -> tuple[bool | None, str]:
    """Extension 4 of the device attributes; the first of them is the kind of terminal."""
    if seen.inside in ("screen", "mosh"):
        return None, f"{TITLES[seen.inside]} passes no pictures through"
    attributes = seen.answers.attributes
    if attributes is None:
        return None, seen.no_answer
    listed = ";".join(map(str, attributes))
    who = TITLES[seen.inside] or "the terminal"
    if 4 in attributes[1:]:
        return True, f"{who} answered yes (4 among device attributes {listed})"
    return False, f"{who} answered no (no 4 among device attributes {listed})"


def find_kitty(seen: Observed) -> tuple[bool | None, str]:
    """Inside tmux the answer would be that of the terminal around it, whose pictures tmux cannot place."""
    if seen.inside and not seen.unasked:
        return None, f"not asked, {TITLES[seen.inside]} passes none of these pictures through"
    if said := seen.answers.kitty:
        return said == "OK", f"the terminal answered {'yes' if said == 'OK' else 'no'} ({said})"
    return (None if seen.answers.attributes is None else False), seen.no_answer
