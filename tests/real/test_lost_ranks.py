"""Several processes train one run, and one of them dies, is told to stop, or cannot do its part."""

import os
import signal
from pathlib import Path

import psutil
import pytest
import ranks
from live_runs import free_port, losses, newest, state, steps, wait_for_step, wait_until
from pseudo_terminal import Terminal
from ranks import grey_images, ranks_of, start_ours

from aetui.runs.control import send
from aetui.runs.event_log import EventFollower
from aetui.runs.events import Event, RunStarted, StateChanged, Warned
from aetui.runs.folder import RunFolder
from aetui.runs.ranks import Rank, RanksSampled
from aetui.runs.report import read_history

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
LONG = ("train", "digits-mlp", "--set", "train.epochs=1000", "--set", "train.batch_size=50")
SHARDED = (
    *("train", "shapes-vit-mae", *LONG[2:], "--set", "data.name=digits", "--set", "model.vit.pixels=unit"),
    *("--set", "model.vit.width=24", "--set", "model.vit.depth=1", "--set", "train.shard=true"),
)


def events(folder: RunFolder) -> list[Event]:
    follower, found = EventFollower(folder.events), []
    while more := follower.poll():
        found += [event for event, _ in more]
    return found


def of(folder: RunFolder, kind: type) -> list:
    return [event for event in events(folder) if isinstance(event, kind)]


def rank_of(folder: RunFolder, number: int) -> Rank:
    """As the run's log tells of it, which takes a moment."""
    wait_until(lambda: bool(of(folder, RanksSampled)), 60)
    return of(folder, RanksSampled)[-1].ranks[number]


def assert_stopped_with_all_saved(folder: RunFolder) -> None:
    assert state(folder) == "stopped"
    history = read_history(folder)[0]
    assert history.latest
    assert history.checkpoints[-1].step == history.latest.step


def running(runs: Path) -> RunFolder:
    return wait_for_step(runs, 100, 100)


@pytest.mark.parametrize("words", [LONG, SHARDED], ids=["", "sharded"])
def test_a_rank_that_dies_is_named_and_torchrun_resumes_from_the_newest_checkpoint(tmp_path, words):
    process = ranks.start(2, 400, tmp_path, *words, launcher=("--max-restarts=1",))
    with ranks.ended(process):
        folder = wait_for_step(tmp_path, 20, 100)
        lost = rank_of(folder, 1)
        os.kill(lost.pid, signal.SIGKILL)
        wait_until(lambda: len(of(folder, RunStarted)) == 2, 100)
        reasons = [event.reason for event in of(folder, StateChanged)]
        assert any(f"rank 1 on {lost.host} (process {lost.pid}) is gone" in reason for reason in reasons)
        resumed = of(folder, RunStarted)[1]
        assert resumed.resumed_from
        assert resumed.step > 0
        assert not any("bit for bit" in event.message for event in of(folder, Warned))
        send(folder.control, "stop")
        assert process.wait(60) == 0, "after any other code torchrun starts them anew"
    assert len(list(tmp_path.iterdir())) == 1, "nothing was begun anew"
    assert state(folder) == "stopped"
    assert len(of(folder, RunStarted)) == 2, "who stopped it is not overruled by a restart"


def test_rank_0_dies_and_torchrun_resumes(tmp_path):
    process = ranks.start(2, 400, tmp_path, *LONG, launcher=("--max-restarts=1",))
    with ranks.ended(process):
        folder = running(tmp_path)
        pid = folder.read_meta().pid
        assert pid
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: len(of(folder, RunStarted)) == 2, 100)
    assert of(folder, RunStarted)[1].resumed_from


@pytest.mark.parametrize("number", [0, 1])
def test_a_stop_signal_to_any_rank_ends_all_with_one_good_checkpoint(number, tmp_path):
    process = ranks.start(2, 400, tmp_path, *LONG)
    with ranks.ended(process):
        folder = running(tmp_path)
        os.kill(rank_of(folder, number).pid, signal.SIGTERM)
        process.wait(30)
    assert_stopped_with_all_saved(folder)


def test_torchrun_that_loses_its_line_ends_the_run_with_a_checkpoint(tmp_path):
    """It would pass the signal on and kill, half a minute later, all that goes on."""
    process = ranks.start(2, 400, tmp_path, *LONG)
    with ranks.ended(process):
        folder = running(tmp_path)
        os.killpg(process.pid, signal.SIGHUP)  # as sshd and the shell do
        process.wait(25)
    assert_stopped_with_all_saved(folder)


def test_a_run_of_two_goes_on_alone_and_says_that_it_differs(tmp_path):
    process = ranks.start(2, 400, tmp_path, *LONG)
    with ranks.ended(process):
        folder = running(tmp_path)
        send(folder.control, "stop")
        process.wait(60)
    planned = str(read_history(folder)[0].newest.epoch + 1)
    code, printed = ranks.run(
        1, 400, tmp_path, "resume", str(folder.path), "--processes", "1", "--set", f"train.epochs={planned}"
    )
    assert code == 0, printed
    assert "not bit for bit as a straight run: processes was 2, is 1" in printed


def test_resumed_by_as_many_processes_it_equals_a_straight_run(tmp_path):
    """Three: the sum of two gradients is the same in either order."""
    words = (*LONG[:3], "train.epochs=12", "--set", "train.batch_size=32")
    code, printed = ranks.run(3, 400, tmp_path / "straight", *words)
    assert code == 0, printed
    process = ranks.start(3, 400, tmp_path / "stopped", *words)
    with ranks.ended(process):
        folder = wait_for_step(tmp_path / "stopped", 20, 100)
        send(folder.control, "stop")
        process.wait(60)
    assert state(folder) == "stopped"
    code, printed = ranks.run(3, 400, tmp_path / "stopped", "resume")
    assert code == 0, printed
    assert losses(folder) == losses(newest(tmp_path / "straight"))


def test_the_terminal_is_lost_and_they_go_on(tmp_path):
    """The launcher stands between the terminal and the ranks."""
    options = ("--processes", "2", "--device", "cpu", "--threads", "1")
    terminal = Terminal(*LONG, *options, cwd=tmp_path)
    folder = wait_for_step(tmp_path / "runs", 100, 100)
    terminal.hang_up()
    wait_until(lambda: state(folder) == "detached")
    before = steps(folder)
    wait_until(lambda: steps(folder) > before)
    send(folder.control, "stop")
    wait_until(lambda: state(folder) == "stopped", 60)


@pytest.mark.parametrize("number", [0, 1])
def test_a_rank_that_dies_on_one_of_two_machines(tmp_path, number):
    """The torchrun of each counts the loss of its own rank alone, and starts it anew for the other's too."""
    port, killed = free_port(), set()
    machines = [ranks.start_machine(node, port, 400, tmp_path, *LONG) for node in (0, 1)]
    with ranks.ended(machines[0]), ranks.ended(machines[1]):
        folder = running(tmp_path)
        for again in (2, 3):
            wait_until(lambda: rank_of(folder, number).pid not in killed, 60)
            killed.add(lost := rank_of(folder, number).pid)
            os.kill(lost, signal.SIGKILL)
            wait_until(lambda again=again: len(of(folder, RunStarted)) == again, 100)
            before = steps(folder)
            wait_until(lambda before=before: steps(folder) > before)
        assert all(event.resumed_from for event in of(folder, RunStarted)[1:])
        send(folder.control, "stop")
        assert [machine.wait(60) for machine in machines] == [0, 0]
    assert len(list(tmp_path.iterdir())) == 1, "nothing was begun anew"
    assert state(folder) == "stopped"


def test_a_killed_rank_of_processes_without_torchrun(tmp_path):
    """The command itself says who is gone, and ends."""
    process = start_ours(tmp_path, *LONG)
    with ranks.ended(process):
        folder = running(tmp_path)
        lost = rank_of(folder, 1)
        os.kill(lost.pid, signal.SIGKILL)
        _, printed = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"rank 1 on {lost.host} (process {lost.pid}) is gone" in printed
    assert state(folder) == "interrupted"


def test_nobody_elsewhere_hears_what_ranks_say_to_each_other(tmp_path):
    """torchrun's own store unpickles what anybody puts into it."""
    process = start_ours(tmp_path, *LONG)
    with ranks.ended(process):
        running(tmp_path)
        family = [psutil.Process(process.pid), *ranks_of(process)]
        heard = [line for one in family for line in one.net_connections() if line.status == "LISTEN"]
    assert heard
    assert {line.laddr.ip for line in heard} == {"127.0.0.1"}


def test_ctrl_z_stops_all_ranks_and_fg_goes_on(tmp_path):
    process = start_ours(tmp_path, *LONG)
    with ranks.ended(process):
        folder = running(tmp_path)
        process.send_signal(signal.SIGTSTP)
        wait_until(lambda: all(one.status() == psutil.STATUS_STOPPED for one in ranks_of(process)))
        before = steps(folder)
        process.send_signal(signal.SIGCONT)
        wait_until(lambda: steps(folder) > before)


def test_ctrl_z_and_then_kill_9_leaves_nothing_behind(tmp_path):
    process = start_ours(tmp_path, *LONG)
    with ranks.ended(process):
        folder, left = running(tmp_path), ranks_of(process)
        process.send_signal(signal.SIGTSTP)
        wait_until(lambda: all(one.status() == psutil.STATUS_STOPPED for one in left))
        process.kill()
        _, alive = psutil.wait_procs(left, timeout=60)
    assert not alive
    assert state(folder) == "stopped", "with a checkpoint, as where the launcher alone is killed"


def test_the_app_is_killed_and_they_go_on(tmp_path):
    """Its process that starts the others is told by nobody."""
    terminal = Terminal("--preset", *LONG[1:], "--set", "train.processes=2", "--threads", "1", cwd=tmp_path)
    folder = wait_for_step(tmp_path / "runs", 100, 100)
    terminal.process.kill()
    wait_until(lambda: state(folder) == "detached")
    send(folder.control, "stop")
    wait_until(lambda: state(folder) == "stopped", 60)


def test_commands_do_not_wait_for_a_launcher_that_stands_still(tmp_path):
    process = start_ours(tmp_path, *LONG)
    with ranks.ended(process):
        folder = running(tmp_path)
        process.send_signal(signal.SIGSTOP)
        send(folder.control, "pause")
        wait_until(lambda: state(folder) == "paused")
        send(folder.control, "stop")
        wait_until(lambda: steps(folder) in [one.step for one in read_history(folder)[0].checkpoints])
        process.send_signal(signal.SIGCONT)
        assert process.wait(60) == 5
    assert state(folder) == "stopped"


def test_a_launcher_that_dies_while_ranks_come_together_leaves_none(tmp_path):
    process = start_ours(tmp_path, *LONG)
    wait_until(lambda: len(ranks_of(process)) == 2, 60)
    left = ranks_of(process)
    process.kill()
    _, alive = psutil.wait_procs(left, timeout=60)
    assert not alive
    assert state(newest(tmp_path)) in ("interrupted", "starting")


def test_ranks_write_nothing_where_a_foreign_run_says_that_data_lies(tmp_path):
    """Decoded images are kept in the user's own data folder by all of them."""
    words = ("--data", str(tmp_path / "own"), "train", "digits-mlp", "--set", "train.epochs=1")
    begun = start_ours(tmp_path / "runs", *words, *grey_images(tmp_path / "images"))
    assert begun.wait(100) == 0
    folder = newest(tmp_path / "runs")
    folder.change_meta(data_dir=str(tmp_path / "victim"))
    again = start_ours(tmp_path / "runs", *words[:2], "resume", "--set", "train.epochs=2")
    assert again.wait(100) == 0
    assert not (tmp_path / "victim").exists()
