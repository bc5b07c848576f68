"""How often the screen may draw: as often as its budget allows."""

import time

BUDGET = 0.02
"""Share of one core that frames of their own accord may take."""
SHORTEST_SECONDS = 0.5
LONGEST_SECONDS = 5.0


class Pacer:
    """Spaces frames by what the process has spent since the last one."""

    def __init__(self) -> None:
        self._drawn = float("-inf")
        self._spent = time.process_time()
        self._wait = 0.0

    def due(self, now: float) -> bool:
        """Whether a frame may be drawn at `now` (seconds, monotonic)."""
        return now - self._drawn >= self._wait

    def drawn(self, now: float) -> None:
        """A frame is being drawn; the next may follow when its cost is earned."""
        spent = time.process_time()
        self._wait = min(LONGEST_SECONDS, max(SHORTEST_SECONDS, (spent - self._spent) / BUDGET))
        self._drawn, self._spent = now, spent
