"""What rank 0 sees of the other ranks: a wish to stop, how they fare, and who is lost."""

import contextlib
import math
import threading
import time
from typing import TYPE_CHECKING

from aetui.devices.machine import MachineSampled
from aetui.runs.ranks import RanksSampled, chosen
from aetui.training.ranks.environment import is_orphaned, ranks
from aetui.training.ranks.roll import SILENT_SECONDS, Failure, RankLost, Roll
from aetui.training.session import Session

if TYPE_CHECKING:
    from aetui.training.ranks.team import Team

LOOK_SECONDS = 0.5
END_SECONDS = 10.0
"""How long the training thread may take for a stop, once a rank is lost: it waits for that one."""
JOIN_SECONDS = 5.0
"""How long the store may take to answer, at the end."""
GONE = "what started the processes of this run is gone"
RANKS_A_LOOK = 4
"""More of them are told of less often, so that a log grows no faster."""


class RankWatch:
    """Watches a session's other ranks, in a thread of its own; alone there is nothing to watch.

    The store may stand still, as its process may, and commands must not wait for it.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._told_at = -math.inf
        self._end_at = math.inf
        self._sample: MachineSampled | None = None
        """What is to be told next."""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="aetui-ranks", daemon=True)

    def look(self) -> None:
        """Begin to watch once there is a team; end a process whose launcher has died before there was one."""
        team = self._session.team
        if team is None and ranks() > 1 and is_orphaned():
            self._session.abandon(RankLost(Failure(GONE)))
        if team and team.roll and not self._thread.ident:
            self._thread.start()

    def end(self) -> None:
        """Watch no longer: a thread that is within PyTorch's C++ as Python ends aborts the process."""
        self._over.set()
        if self._thread.ident:
            self._thread.join(JOIN_SECONDS)

    def tell(self, sample: MachineSampled, seconds: float) -> None:
        """Have it said how all ranks fare, at most so often."""
        team, now = self._session.team, time.monotonic()
        if team and now - self._told_at >= seconds * max(1, team.size / RANKS_A_LOOK):
            self._told_at, self._sample = now, sample

    def _watch(self) -> None:
        team = self._session.team
        assert team
        assert team.roll
        while self._session.alive and not self._over.wait(LOOK_SECONDS):
            try:
                self._hear(team.roll)
            except RuntimeError:
                self._session.warn_once(f"{GONE}: it stops")
                self._session.control.request("stop")
                return
            with contextlib.suppress(RuntimeError):
                self._say(team, team.roll)

    def _hear(self, roll: Roll) -> None:
        """Who wants to stop and who is silent; end the process where a lost rank holds it up."""
        if roll.is_asked_to_stop:
            self._session.control.request("stop")
        for rank in roll.silent():
            silent = f"rank {rank.rank} on {rank.host} says nothing for {SILENT_SECONDS:.0f} seconds"
            self._session.warn_once(f"{silent}; the others wait for it")
        lost = roll.lost() if self._session.control.stopping else None
        if lost:
            self._end_at = min(self._end_at, time.monotonic() + END_SECONDS)
            if time.monotonic() > self._end_at:
                self._session.abandon(lost)

    def _say(self, team: "Team", roll: Roll) -> None:
        sample, self._sample = self._sample, None
        if sample:
            roll.say(team.sample(sample))
            self._session.emit(RanksSampled(team.size, chosen(roll.ranks())))
