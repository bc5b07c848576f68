"""How the ranks of a run find each other, in the store that torchrun keeps from one attempt to the next.

torchrun starts all of them anew when one is lost, and each rank reads there what those before have left. How
often it was so is no name that all know: an agent counts the loss of its own workers alone. So rank 0 numbers
the attempts, and says who belongs to the newest.
"""

import functools
import time
import uuid
from datetime import timedelta

from torch.distributed import PrefixStore, Store  # type: ignore[attr-defined]
from torch.distributed.constants import default_pg_timeout
from torch.distributed.rendezvous import rendezvous

from aetui.errors import AetuiError
from aetui.training.control import Control, Stopped
from aetui.training.ranks import environment

ATTEMPTS = "attempts"
"""In the store: how many rank 0 has begun."""
VERDICT = "verdict"
"""Of an attempt: the words of those who are in it, or that it is stopped. What stands there first, holds."""
STOPPED = "stopped"
LOOK_SECONDS = 0.05
CONNECT = timedelta(seconds=60)
"""For what is there before the ranks are; PyTorch would try for half an hour, and hear no signal."""


@functools.cache
def team_store() -> Store:
    """What torchrun, or aetui in its place, keeps for all ranks. Raises AetuiError."""
    try:
        store: Store = next(rendezvous("env://", timeout=CONNECT))[0]
        store.set_timeout(default_pg_timeout)
    except RuntimeError as error:
        raise AetuiError(f"The other processes of the run cannot be found: {error}") from None
    return store


@functools.cache
def _begun() -> int:
    """Which attempt this process, rank 0, has begun, from 1."""
    return int(team_store().add(ATTEMPTS, 1))


def is_started_anew() -> bool:
    """Whether torchrun has started this process, rank 0, in the place of one that was lost."""
    return environment.restarts() > 0 or (environment.is_on_several_machines() and _begun() > 1)


def met(control: Control) -> Store:
    """The part of the store that is this attempt's alone, once all of its ranks are there.

    PyTorch itself waits for half an hour, and hears nothing. Raises Stopped where one of them is told so
    meanwhile, unless all are there already.
    """
    if environment.rank() == 0:
        return gather(team_store(), _begun(), environment.ranks(), control)
    return join(team_store(), environment.rank(), control)


def gather(store: Store, attempt: int, size: int, control: Control) -> Store:
    """The attempt, once as many have joined it, of which this process is the first. Raises as `met`."""
    part = PrefixStore(f"attempt {attempt}", store)
    others = [_place(rank) for rank in range(1, size)]
    while not (are_here := part.check(others)) and not control.stopping and not part.check([VERDICT]):
        time.sleep(LOOK_SECONDS)
    verdict = " ".join(part.get(name).decode() for name in others) if are_here else STOPPED
    if part.compare_set(VERDICT, "", verdict).decode() == STOPPED:
        raise Stopped
    return part


def join(store: Store, rank: int, control: Control) -> Store:
    """The newest attempt, once rank 0 says that this process is in it. Raises as `met`."""
    word = uuid.uuid4().hex
    while True:
        attempt = int(store.add(ATTEMPTS, 0))
        part = PrefixStore(f"attempt {attempt}", store)
        if attempt and not part.check([VERDICT]):  # else it is over, and another one comes
            part.set(_place(rank), word)
            if _is_in(store, attempt, part, word, control):
                return part
        if control.stopping:
            raise Stopped
        time.sleep(LOOK_SECONDS)


def _is_in(store: Store, attempt: int, part: Store, word: str, control: Control) -> bool:
    """What rank 0 says; False where it has begun another attempt. Raises as `met`."""
    while store.add(ATTEMPTS, 0) == attempt:
        if control.stopping:
            part.compare_set(VERDICT, "", STOPPED)
        if part.check([VERDICT]):
            verdict = part.get(VERDICT).decode()
            if word in verdict.split():
                return True
            if verdict == STOPPED or control.stopping:
                raise Stopped
        time.sleep(LOOK_SECONDS)
    return False


def _place(rank: int) -> str:
    return f"rank {rank}"
