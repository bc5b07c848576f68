"""What the line of the shape calculator was before: one step back at a time."""

from collections import deque
from collections.abc import Hashable

MOST_STEPS = 200


class ChainHistory:
    """Former lines. Changes of one kind in a row are one step: a word's letters, a number counted up."""

    def __init__(self) -> None:
        self._former: deque[str] = deque(maxlen=MOST_STEPS)
        self._kind: Hashable = None

    def keep(self, former: str, kind: Hashable = None) -> None:
        """Keep the line that a change replaces. A change of kind None is a step of its own."""
        if kind is None or kind != self._kind:
            self._former.append(former)
        self._kind = kind

    def keep_typed(self, former: str, typed: str) -> None:
        """Keep the line that typing or pasting replaces; a space or a comma begins another step."""
        kind = ("typed", *map(typed.count, " ,;"))
        if abs(len(typed) - len(former)) != 1:
            self._kind = None
        self.keep(former, kind)

    def back(self) -> str | None:
        """The line before the last step, None where there is none."""
        self._kind = None
        return self._former.pop() if self._former else None
