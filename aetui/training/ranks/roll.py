"""What ranks say of themselves beside the training, in the key-value store that torchrun keeps for them.

So rank 0 hears, while all wait for each other, that one is told to stop, fails or is gone.
"""

import json
import socket
import time
from dataclasses import asdict, dataclass
from typing import Any

import psutil
from pydantic import TypeAdapter, ValidationError

from aetui.errors import EXIT_FAILURE, AetuiError
from aetui.runs.ranks import Rank

SAY_SECONDS = 1.0
"""How often a rank says that it is there."""
SILENT_SECONDS = 15.0
"""How long one may say nothing."""
QUIET_SECONDS = 3.0
"""The same of one whose process cannot be seen: its number may be that of another container."""
FROZEN_SECONDS = 1.0
"""How long the store may take to answer before it counts as stopped."""
WAIT_SECONDS = 6.0
"""How long it is looked who is gone, once the line to somebody is broken."""
_RANK = TypeAdapter(Rank)


@dataclass(frozen=True)
class Failure:
    """What ended a rank."""

    sentence: str
    out_of_memory: bool = False
    traceback: str = ""
    """Of one that could still say so."""


class RankLost(AetuiError):
    """A rank is gone, or failed: the others cannot go on without it."""

    exit_code = EXIT_FAILURE

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.sentence)
        self.failure = failure


class Roll:
    """Any rank's view of the store. Every method raises RuntimeError where the store is gone."""

    def __init__(self, store: Any, rank: int, size: int) -> None:
        self._store = store
        self._rank, self._size = rank, size
        self._said = 0
        self._heard: dict[int, tuple[str, float]] = {}
        """What each rank said last, and when that was heard."""

    def say(self, sample: Rank) -> None:
        """That this rank is there."""
        self._said += 1
        self._store.set(f"rank/{self._rank}", json.dumps({"said": self._said, **asdict(sample)}))

    def ask_to_stop(self) -> None:
        self._store.set("stop", "asked")

    @property
    def is_asked_to_stop(self) -> bool:
        return bool(self._store.check(["stop"]))

    def fail(self, failure: Failure) -> None:
        """Say why this rank goes."""
        self._store.set("failed", json.dumps(asdict(failure)))

    def end(self) -> None:
        """Rank 0: there is no more to do, whatever was ordered."""
        self._store.set("end", "now")

    @property
    def is_at_end(self) -> bool:
        return bool(self._store.check(["end"]))

    def ranks(self) -> list[Rank]:
        """Those that have said something, as they said it last."""
        began, everybody = time.monotonic(), range(self._size)
        there = [rank for rank in everybody if rank in self._heard or self._store.check([f"rank/{rank}"])]
        told = self._store.multi_get([f"rank/{rank}" for rank in there]) if there else []
        for rank, said in zip(there, map(bytes.decode, told), strict=True):
            if said != self._heard.get(rank, ("", 0.0))[0]:
                self._heard[rank] = said, time.monotonic()
        self._forgive(time.monotonic() - began)
        found = []
        for said, _ in list(self._heard.values()):  # the other thread may hear of one more
            try:
                found.append(_RANK.validate_json(said))
            except ValidationError:
                continue
        return found

    def _forgive(self, seconds: float) -> None:
        """What the store took to answer, as who has it was stopped, nobody could say anything."""
        if seconds > FROZEN_SECONDS:
            self._heard = {rank: (said, at + seconds) for rank, (said, at) in self._heard.items()}

    def silent(self, seconds: float = SILENT_SECONDS) -> list[Rank]:
        """Those that have said nothing for so long; one that is stopped may go on."""
        now = time.monotonic()
        others = [rank for rank in self.ranks() if rank.rank != self._rank]
        return [rank for rank in others if now - self._heard[rank.rank][1] > seconds]

    def lost(self) -> RankLost | None:
        """Who failed or is gone, if anybody; to be asked where something is amiss."""
        if self._store.check(["failed"]):
            return RankLost(Failure(**json.loads(self._store.get("failed"))))
        silent = self.silent()
        for rank in self.silent(QUIET_SECONDS):
            if rank in silent or _has_ended(rank):
                return RankLost(Failure(f"rank {rank.rank} on {rank.host} (process {rank.pid}) is gone"))
        return None

    def wait_for_lost(self) -> RankLost | None:
        """The same, once the line to somebody is broken: a process needs a moment to end."""
        end = time.monotonic() + WAIT_SECONDS
        while (found := self.lost()) is None and time.monotonic() < end:
            time.sleep(0.1)
        return found


def _has_ended(rank: Rank) -> bool:
    """As far as can be seen from this machine."""
    if rank.host != socket.gethostname():
        return False
    try:
        return psutil.Process(rank.pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
