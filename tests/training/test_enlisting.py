"""How the processes of a run come together, and what is heard meanwhile."""

import threading
from types import SimpleNamespace

import pytest
from live_runs import wait_until
from torch.distributed import HashStore

from aetui.training.control import Control, Stopped
from aetui.training.ranks import enlisting
from aetui.training.ranks.enlisting import led
from aetui.training.ranks.environment import LAUNCHER
from aetui.training.ranks.roll import RankLost, Roll
from aetui.training.ranks.watch import RankWatch


def told_to_stop() -> Control:
    control = Control()
    control.request("stop")
    return control


@pytest.mark.parametrize(("launcher", "raised"), [(None, RankLost), ("1", Stopped)])
def test_torchrun_may_have_told_to_stop_for_the_sake_of_a_lost_rank(monkeypatch, launcher, raised):
    """Then its restart goes on with the run, which who stops it would not want."""
    for name, value in {"TORCHELASTIC_RUN_ID": "1", "WORLD_SIZE": "2", "RANK": "0"}.items():
        monkeypatch.setenv(name, value)
    if launcher:
        monkeypatch.setenv(LAUNCHER, launcher)

    def joined(control):
        raise Stopped

    monkeypatch.setattr(enlisting, "joined", joined)
    with pytest.raises(raised), led(told_to_stop()):
        pass


def test_nobody_asks_the_store_any_more_once_the_run_has_ended():
    """Python ends the process by SIGABRT where a thread comes back from PyTorch's C++ into nothing."""
    store = HashStore()
    session = SimpleNamespace(
        team=SimpleNamespace(roll=Roll(store, 0, 1), size=1), alive=True, control=Control(), warn_once=print
    )
    watch = RankWatch(session)
    watch.look()
    (thread,) = [one for one in threading.enumerate() if one.name == "aetui-ranks"]
    store.set("stop", "asked")
    wait_until(lambda: session.control.stopping)
    watch.end()
    assert not thread.is_alive()
