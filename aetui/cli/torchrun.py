"""A run whose processes torchrun starts, and starts anew when one is lost."""

import os
from pathlib import Path

import psutil

from aetui.runs import states
from aetui.runs.folder import RunFolder, moment
from aetui.runs.listing import list_runs
from aetui.runs.liveness import find_state
from aetui.training.ranks.environment import local_ranks, ranks, restarts

SLACK_SECONDS = 60.0
"""Between the clocks of the machines."""


def launch_mark() -> str:
    """What torchrun calls this start; empty where it started nothing."""
    return os.environ["TORCHELASTIC_RUN_ID"] if ranks() > 1 else ""


def begun_before(runs_dir: Path) -> RunFolder | None:
    """The run that this start by torchrun has begun, where the ranks are started anew."""
    if not restarts():
        return None
    began, mark = psutil.Process(os.getppid()).create_time(), launch_mark()  # marks may be used again
    for summary in list_runs(runs_dir):
        folder = RunFolder(runs_dir / summary.run)
        meta = folder.read_meta()
        if meta.launch == mark and moment(meta.started) > began - SLACK_SECONDS:
            return folder
    return None


def code_of_end(folder: RunFolder) -> int | None:
    """The exit code of a run that has ended, by its owner's will or not; None where a rank was lost.

    torchrun starts the ranks anew after every exit code but 0, and only the last is worth it.
    """
    return states.EXIT_CODES.get(find_state(folder, folder.read_meta()))


def processes_by_torchrun() -> list[str]:
    """That a run has as many processes as torchrun has started, where they are all on this machine."""
    return [f"train.processes={ranks()}"] if 1 < ranks() == local_ranks() else []
