"""How the ranks of a run find each other, and what is heard meanwhile."""

import threading
from datetime import timedelta

import pytest
from live_runs import free_port, wait_until
from torch.distributed import HashStore, Store

from aetui.errors import AetuiError
from aetui.training.control import Control, Stopped
from aetui.training.ranks import meeting
from aetui.training.ranks.meeting import ATTEMPTS, gather, join


def told_to_stop() -> Control:
    control = Control()
    control.request("stop")
    return control


class Meeting:
    """Three ranks of an attempt, each in a thread of its own; what they come to, by rank."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.found: dict[int, str] = {}
        self._threads: dict[int, threading.Thread] = {}

    def begin(self, rank: int, control: Control | None = None) -> None:
        self._threads[rank] = threading.Thread(target=self._meet, args=(rank, control or Control()))
        self._threads[rank].start()

    def end(self, *ranks: int) -> list[str]:
        for rank in ranks:
            self._threads[rank].join(20)
        return [self.found.get(rank, "waits") for rank in ranks]

    def _meet(self, rank: int, control: Control) -> None:
        try:
            if rank == 0:
                part = gather(self.store, self.store.add(ATTEMPTS, 1), 3, control)
                part.set("word of rank 0", str(id(self)))
            else:
                part = join(self.store, rank, control)
                assert part.get("word of rank 0").decode() == str(id(self)), "another attempt's"
            self.found[rank] = "met"
        except Stopped:
            self.found[rank] = "stopped"


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0)])
def test_all_come_together(order):
    meeting = Meeting(HashStore())
    for rank in order:
        meeting.begin(rank)
    assert meeting.end(0, 1, 2) == ["met"] * 3


@pytest.mark.parametrize("told", [0, 1])
def test_one_that_is_told_to_stop_leaves_nobody_waiting_who_is_there(told):
    meeting, controls = Meeting(HashStore()), {told: Control()}
    for rank in (0, 1):
        meeting.begin(rank, controls.get(rank))
    wait_until(lambda: meeting.store.check(["attempt 1/rank 1"]))
    controls[told].request("stop")
    assert meeting.end(0, 1) == ["stopped"] * 2
    meeting.begin(2, told_to_stop())
    assert meeting.end(2) == ["stopped"]


def test_one_that_is_told_to_stop_before_there_is_a_rank_0_waits_for_nobody():
    meeting = Meeting(HashStore())
    meeting.begin(1, told_to_stop())
    assert meeting.end(1) == ["stopped"]


def test_who_is_told_when_all_are_there_goes_on():
    """They would wait for it."""
    store = HashStore()
    for rank in (1, 2):
        store.set(f"attempt 1/rank {rank}", "here")
    gather(store, store.add(ATTEMPTS, 1), 3, told_to_stop())
    assert store.get("attempt 1/verdict") == b"here here"


@pytest.mark.parametrize("before", ["met", "stopped", "half met"])
def test_what_an_attempt_has_left_in_the_store_is_nothing_to_the_next(before):
    """Its ranks are begun anew, those behind rank 0 before it too."""
    first = Meeting(HashStore())
    if before == "half met":
        first.store.add(ATTEMPTS, 1)
        first.store.set("attempt 1/rank 2", "lost")
    else:
        for rank in (0, 1, 2):
            first.begin(rank, told_to_stop() if before == "stopped" and rank == 0 else None)
            if before == "stopped" and rank == 0:
                break
        assert first.end(0) == [before]
        first.end(*first._threads)
    second = Meeting(first.store)
    for rank in (1, 2, 0):
        second.begin(rank)
        if rank == 1:
            wait_until(lambda: before != "half met" or second.store.check(["attempt 1/rank 1"]))
    assert second.end(0, 1, 2) == ["met"] * 3


def test_a_store_that_is_gone_is_told_of(monkeypatch):
    """What torchrun keeps is there before the ranks are."""
    monkeypatch.setattr(meeting, "CONNECT", timedelta(seconds=1))
    for name, value in {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": free_port(),
        "RANK": 1,
        "WORLD_SIZE": 2,
    }.items():
        monkeypatch.setenv(name, str(value))
    with pytest.raises(AetuiError, match="cannot be found"):
        meeting.team_store.__wrapped__()
