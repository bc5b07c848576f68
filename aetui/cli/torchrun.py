"""A run whose processes torchrun starts, and starts anew when one is lost."""

import os
import socket
import time
from pathlib import Path

import psutil

from aetui.errors import EXIT_DONE, EXIT_STOPPED, UsageError
from aetui.runs import states
from aetui.runs.folder import RunFolder, began, moment, now
from aetui.runs.listing import list_runs
from aetui.runs.liveness import find_state
from aetui.training.ranks.environment import (
    is_by_torchrun,
    is_on_several_machines,
    local_ranks,
    ranks,
)

SLACK_SECONDS = 60.0
"""Between the clocks of the machines."""
MOST_NAMED = 3
NO_ID = "none"
"""What torchrun calls a start without `--rdzv-id` or `--standalone`, every one."""


def launch_mark() -> str:
    """What tells this start by torchrun from others; empty where it started nothing.

    On one machine it is the process that started the ranks, since people give the same `--rdzv-id` again; of
    several machines, where each has another such process, the id.
    """
    if ranks() == 1:
        return ""
    run_id, agent = os.environ["TORCHELASTIC_RUN_ID"], psutil.Process(os.getppid())
    if is_on_several_machines() and run_id != NO_ID:
        return run_id
    return f"{run_id} on {socket.gethostname()} {agent.pid} {began(agent):.3f}"


def begun_before(runs_dir: Path) -> RunFolder | None:
    """The run that this start by torchrun has trained, where the ranks are started anew.

    Raises UsageError where it may be any of several.
    """
    from aetui.training.ranks.meeting import is_started_anew

    if not is_started_anew():
        return None
    since, mark = psutil.Process(os.getppid()).create_time(), launch_mark()
    found = []
    for summary in list_runs(runs_dir):
        folder = RunFolder(runs_dir / summary.run)
        meta = folder.read_meta()
        launched = moment(meta.launched) if meta.launch == mark else 0.0
        if since - SLACK_SECONDS < launched < time.time() + SLACK_SECONDS:  # an id may be used again
            found.append(folder)
    if len(found) > 1:
        names = ", ".join(folder.name for folder in found[:MOST_NAMED])
        raise UsageError(
            f"Several runs were started with --rdzv-id={mark}: {names}",
            "name the one that goes on: `resume RUN`; another id for every start tells them apart",
        )
    return found[0] if found else None


def note_launch(folder: RunFolder) -> None:
    """Have a restart find this run."""
    if ranks() > 1:
        folder.change_meta(launch=launch_mark(), launched=now())


def end_all(code: int) -> int:
    """Where there is no more to train: the other ranks, which wait for orders, end too; returns the code."""
    from aetui.training.control import Control
    from aetui.training.ranks.enlisting import joined

    joined(Control()).dismiss(code)
    return code


def code_of_end(folder: RunFolder) -> int | None:
    """After a restart, the exit code of a run that has ended by itself or by its owner's will; else None.

    torchrun starts the ranks anew after every exit code but 0; only where a rank was lost is it worth it.
    """
    from aetui.training.ranks.meeting import is_started_anew

    if not is_started_anew():
        return None
    code = states.EXIT_CODES.get(find_state(folder, folder.read_meta()))
    return None if code is None else told_to_torchrun(code)


def told_to_torchrun(code: int) -> int:
    """The exit code of a run; 0 of one that somebody stopped, where torchrun would begin it anew."""
    return EXIT_DONE if code == EXIT_STOPPED and is_by_torchrun() else code


def processes_by_torchrun() -> list[str]:
    """That a run has as many processes as torchrun has started, where they are all on this machine."""
    return [f"train.processes={ranks()}"] if 1 < ranks() == local_ranks() else []
