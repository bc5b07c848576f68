"""What is wrong with a preset, said all at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from aetui.errors import UsageError
from aetui.text import safe_text

LONGEST_KEY, LONGEST_PLACE = 100, 5000
"""Characters that are told."""
Finding = tuple[str, str]
"""A dotted key and what is wrong with it."""


@dataclass(frozen=True)
class Problem:
    """One mistake: where it stands (`file:line` or `--set`), which key, and what is wrong with it."""

    where: str
    key: str
    message: str

    def __str__(self) -> str:
        key = self.key if len(self.key) <= LONGEST_KEY else f"{self.key[:LONGEST_KEY]}…"
        return ": ".join(map(safe_text, filter(None, (self.where[:LONGEST_PLACE], key, self.message))))


class PresetError(UsageError):
    """A preset that cannot be used; `problems` names every mistake, one line each."""

    def __init__(self, problems: Sequence[Problem], hint: str = "") -> None:
        super().__init__("\n".join(map(str, problems)), hint)
        self.problems = tuple(problems)
