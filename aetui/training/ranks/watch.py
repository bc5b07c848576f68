"""What rank 0's main thread sees of the other ranks: a wish to stop, how they fare, and who is lost."""

import math
import time

from aetui.devices.machine import MachineSampled
from aetui.runs.ranks import RanksSampled, chosen
from aetui.training.ranks.roll import SILENT_SECONDS
from aetui.training.session import Session

LOOK_SECONDS = 0.5
END_SECONDS = 10.0
"""How long the training thread may take for a stop, once a rank is lost: it waits for that one."""
RANKS_A_LOOK = 4
"""More of them are told of less often, so that a log grows no faster."""


class RankWatch:
    """Watches a session's other ranks from the supervisor's thread; alone there is nothing to watch."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._looked_at = 0.0
        self._told_at = -math.inf
        self._end_at = math.inf

    def look(self) -> None:
        """Hear who wants to stop and who is silent; end the process where a lost rank holds it up."""
        team, now = self._session.team, time.monotonic()
        if team is None or team.roll is None or now - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = now
        try:
            if team.roll.is_asked_to_stop:
                self._session.control.request("stop")
            for rank in team.roll.silent():
                silent = f"rank {rank.rank} on {rank.host} says nothing for {SILENT_SECONDS:.0f} seconds"
                self._session.warn_once(f"{silent}; the others wait for it")
            lost = team.roll.lost() if self._session.control.stopping else None
        except RuntimeError:
            self._session.warn_once("torchrun is gone: this run stops")
            self._session.control.request("stop")
            return
        if lost:
            self._end_at = min(self._end_at, now + END_SECONDS)
            if now > self._end_at:
                self._session.abandon(lost)

    def tell(self, machine: MachineSampled, seconds: float) -> None:
        """Say how all ranks fare, at most so often."""
        team, now = self._session.team, time.monotonic()
        if team is None or team.roll is None:
            return
        if now - self._told_at < seconds * max(1, team.size / RANKS_A_LOOK):
            return
        self._told_at = now
        try:
            team.roll.say(team.sample(machine))
            ranks = team.roll.ranks()
        except RuntimeError:
            return
        self._session.emit(RanksSampled(team.size, chosen(ranks)))
