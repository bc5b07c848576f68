"""The signals that ask a process which trains to stop."""

import time

ONE_STOP_SECONDS = 0.5
"""Between two stop signals that are two."""


class StopSignals:
    """Those received; one right behind another is the same: `timeout` tells the process and its group."""

    def __init__(self) -> None:
        self.received: list[int] = []
        self._first = 0.0

    def hear(self, number: int) -> bool:
        """Note one; whether somebody who has asked before does not want to wait any longer."""
        again = bool(self.received) and time.monotonic() - self._first > ONE_STOP_SECONDS
        self._first = self._first or time.monotonic()
        self.received.append(number)
        return again
