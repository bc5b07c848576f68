"""How often the screen may draw: as often as its budget allows."""

import time
from collections.abc import Callable

BUDGET = 0.02
"""Share of one core that frames of their own accord may take."""
CREDIT_SECONDS = 0.5
"""Of processor time that is there from the start, so that the first epochs are seen one by one."""
PIECE_PAUSE_SECONDS = 0.001
"""Between two pieces of something long to read: keys and frames have their turn.

`call_after_refresh` gives them none where there is nothing to draw.
"""
SHORTEST_SECONDS = 0.5
LONGEST_SECONDS = 5.0


class Pacer:
    """Spaces frames by what the process has spent: its budget grows with time, each frame draws on it."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, spent: Callable[[], float] = time.process_time
    ) -> None:
        self._clock, self._spent = clock, spent
        self._drawn = float("-inf")
        self._looked, self._before = clock(), spent()
        self._credit = CREDIT_SECONDS

    def due(self) -> bool:
        """Whether a frame may be drawn now. A frame is never later than the longest spacing."""
        now, spent = self._clock(), self._spent()
        earned = BUDGET * (now - self._looked) - (spent - self._before)
        self._credit = min(CREDIT_SECONDS, max(-LONGEST_SECONDS * BUDGET, self._credit + earned))
        self._looked, self._before = now, spent
        since = now - self._drawn
        return since >= LONGEST_SECONDS or (since >= SHORTEST_SECONDS and self._credit > 0)

    def drawn(self) -> None:
        """A frame is being drawn."""
        self._drawn = self._clock()
