"""`aetui queue`: the runs that wait for their turn, and what is to become of them."""

import argparse
import json
import sys
import time
from typing import TYPE_CHECKING

from aetui.cli.options import Verbs, add_json_option, add_verb, data_dir
from aetui.errors import UsageError
from aetui.text import for_shell

if TYPE_CHECKING:
    from pathlib import Path

    from aetui.runs.folder import RunFolder
    from aetui.runs.waiting import Queue

OF_RUNS = ("add", "first", "last", "remove")
ACTIONS = ("show", "pause", "resume", "clear", "wait", *OF_RUNS)
WAIT_SECONDS = 1.0
WORKER_SECONDS = 10.0
"""How long the process that works the queue off may take to be there: `aetui sweep` starts it and ends."""


def add(verbs: Verbs) -> None:
    parser = add_verb(verbs, "queue", run, "show the runs that wait for their turn, or change the queue")
    what = (
        "show it (default); pause: start none from it; resume; clear: take all off it; wait until it is "
        "worked off; add, first, last, remove: put a run there, or take it off"
    )
    parser.add_argument("action", nargs="?", choices=ACTIONS, default="show", metavar="ACTION", help=what)
    parser.add_argument("which", nargs="*", metavar="RUN", help="of add, first, last and remove")
    add_json_option(parser)


def run(options: argparse.Namespace) -> int:
    from aetui.runs.enqueue import worked_queue
    from aetui.runs.waiting import read_queue

    if bool(options.which) != (options.action in OF_RUNS):
        raise UsageError(f"`aetui queue {options.action}` takes {'no ' * bool(options.which)}runs")
    if options.action == "wait":
        _wait(options.runs)
    elif options.action != "show":
        names = _names(options)
        _require_folder(options.runs)
        with worked_queue(options.runs, data_dir(options)) as queue:
            _change(queue, options.action, names)
    is_changed = options.action not in ("show", "wait")
    _show(read_queue(options.runs), options.runs, as_json=options.json, is_changed=is_changed)
    return 0


def _change(queue: "Queue", action: str, names: list[str]) -> None:
    """Do with the queue what is asked for."""
    match action:
        case "pause" | "resume":
            queue.paused = action == "pause"
        case "clear":
            queue.waiting = []
        case "remove":
            queue.take_off(names)
        case "first":
            queue.put_first(names)
        case "add" | "last":
            queue.put_last(names)


def _names(options: argparse.Namespace) -> list[str]:
    """Of the runs asked for; only those that were never begun can wait."""
    from aetui.runs.listing import find_runs
    from aetui.runs.waiting import is_waiting

    found = find_runs(options.runs, options.which)
    for folder in found:
        if options.action != "remove" and not is_waiting(folder):
            state = folder.read_meta().state.replace("_", " ")
            raise UsageError(f"{folder.name} is {state}; only runs that were never begun wait in the queue")
        if folder.path.parent.absolute() != options.runs.absolute():
            raise UsageError(
                f"{folder.path} is in another folder of runs",
                f"add --runs {for_shell(folder.path.parent)}",
            )
    return [folder.name for folder in found]


def _require_folder(runs_dir: "Path") -> None:
    if not runs_dir.is_dir():
        raise UsageError(f"There are no runs in {runs_dir}", "start some with `aetui sweep`")


def _wait(runs_dir: "Path") -> None:
    """Until nothing waits or is at work. Raises AetuiError where nobody works the queue off."""
    from aetui.errors import AetuiError
    from aetui.runs.waiting import is_worked_off, read_queue

    end = time.monotonic() + WORKER_SECONDS
    while True:
        queue = read_queue(runs_dir)
        started, waiting = _as_they_are(queue, runs_dir)
        if not started and (queue.paused or not waiting):
            return
        if started or is_worked_off(runs_dir):
            end = time.monotonic() + WORKER_SECONDS
        elif time.monotonic() >= end:
            raise AetuiError("Nobody works the queue off", "`aetui queue resume` starts that")
        time.sleep(WAIT_SECONDS)


def _as_they_are(queue: "Queue", runs_dir: "Path") -> tuple[list["RunFolder"], list["RunFolder"]]:
    """The runs that are at work or about to be, and those that wait."""
    from aetui.runs.folder import RunFolder
    from aetui.runs.waiting import is_at_work, is_waiting, waits

    started = [RunFolder(runs_dir / name) for name in queue.started]
    waiting = [RunFolder(runs_dir / name) for name in queue.waiting]
    at_work = [folder for folder in started if is_at_work(folder) or is_waiting(folder)]
    return at_work, [folder for folder in waiting if waits(folder) is not False]


def _show(queue: "Queue", runs_dir: "Path", *, as_json: bool, is_changed: bool) -> None:
    """Print the queue; one that was changed a moment ago may not have its process yet."""
    from aetui.cli.table import print_table
    from aetui.runs.waiting import is_worked_off

    started, waiting = _as_they_are(queue, runs_dir)
    if as_json:
        names = {"at_work": [one.name for one in started], "waiting": [one.name for one in waiting]}
        print(json.dumps(names | {"paused": queue.paused, "at_once": queue.at_once}, indent=1))
        return
    rows = [("at work", *_row(folder)) for folder in started]
    rows += [(str(turn), *_row(folder)) for turn, folder in enumerate(waiting, 1)]
    print_table(("turn", "run", "epochs", "with"), rows, "nothing waits")
    if queue.paused:
        print("The queue is paused: `aetui queue resume`", file=sys.stderr)
    elif waiting and not is_changed and not is_worked_off(runs_dir):
        print("Nobody works the queue off: `aetui queue resume` starts that", file=sys.stderr)


def _row(folder: "RunFolder") -> tuple[str, str, str]:
    from aetui.cli.table import cut
    from aetui.errors import AetuiError
    from aetui.runs.listing import in_short

    try:
        meta = folder.read_meta()
    except AetuiError:
        return folder.name, "?", "?"
    return folder.name, f"{meta.epochs}/{meta.epochs_planned}", cut(in_short(meta.changes)) or "–"
