"""`aetui sweep`: a run for every combination of some settings, one after the other."""

import argparse
import sys
from typing import TYPE_CHECKING

from aetui.cli.options import Verbs, add_json_option, add_set_option, add_verb, data_dir, preset_changes
from aetui.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

MANY = 50
"""Runs that are asked for again before they are made."""
MOST_TOLD = 20


def add(verbs: Verbs) -> None:
    sentence = "queue a run for every combination of some settings"
    parser = add_verb(verbs, "sweep", run, sentence)
    parser.add_argument("preset", metavar="NAME|FILE", help="a shipped preset or a .toml file")
    vary = "a setting and its values, for example latent=2,8,32 or seed=0,1,2; may be given again"
    parser.add_argument("--vary", action="append", default=[], required=True, metavar="K=V,V", help=vary)
    add_set_option(parser)
    at_once = "runs that train beside each other (default: as before, at first 1)"
    parser.add_argument("--at-once", type=_at_once, metavar="N", help=at_once)
    parser.add_argument("--yes", action="store_true", help=f"make more than {MANY} runs without asking")
    add_json_option(parser)


def run(options: argparse.Namespace) -> int:
    import json

    from aetui.config.shipped import description, find_preset
    from aetui.config.sweeping import count_members, members, parse_vary, read_members
    from aetui.devices.available import check_device_name
    from aetui.runs.create import Place
    from aetui.runs.enqueue import queue_runs

    check_device_name(options.device)
    varied = [parse_vary(text) for text in options.vary]
    grid = members(varied)
    if count_members(varied) > MANY and not options.yes:
        _ask(count_members(varied))
    path, changes = find_preset(options.preset), preset_changes(options)
    presets = read_members(path, changes, grid)
    place = Place(options.runs, data_dir(options), options.device or "auto", options.threads, options.shared)
    members_of = [(preset, (*changes, *member)) for preset, member in zip(presets, grid, strict=True)]
    names = [one.name for one in queue_runs(members_of, description(path), place, options.at_once)]
    if options.json:
        print(
            json.dumps([{"run": n, "changes": list(m)} for n, m in zip(names, grid, strict=True)], indent=1)
        )
    else:
        _tell(names, grid)
    return 0


def _tell(names: "Sequence[str]", grid: "Sequence[tuple[str, ...]]") -> None:
    from aetui.cli.table import print_table
    from aetui.text import plural

    rows = [(name, " ".join(member)) for name, member in zip(names, grid, strict=True)]
    print_table(("run", "with"), rows[:MOST_TOLD], "")
    if len(rows) > MOST_TOLD:
        print(f"… and {len(rows) - MOST_TOLD} more")
    words = f"{plural(len(names), 'run')} in the queue; they train also when you leave."
    print(f"{words} See it: aetui queue. Compare them: aetui compare --last {len(names)}", file=sys.stderr)


def _ask(count: int) -> None:
    """Raises UsageError where nobody says yes."""
    if not (sys.stdin and sys.stdin.isatty()):
        raise UsageError(f"This makes {count:,} runs", "add --yes")
    print(f"This makes {count:,} runs. Type yes to go on: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise UsageError("Nothing was started")


def _at_once(text: str) -> int:
    from aetui.runs.waiting import MOST_AT_ONCE

    number = int(text)
    if not 1 <= number <= MOST_AT_ONCE:
        raise argparse.ArgumentTypeError(f"{number} is not between 1 and {MOST_AT_ONCE}")
    return number
