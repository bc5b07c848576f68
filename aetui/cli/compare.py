"""`aetui compare`: runs beside each other."""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from aetui.cli.options import Verbs, add_json_option, add_last_option, add_verb

if TYPE_CHECKING:
    from aetui.runs.comparing import Compared


def add(verbs: Verbs) -> None:
    parser = add_verb(verbs, "compare", run, "compare runs: what they differ in, what each reached")
    sentence = "a run's name, a unique part of it, or its folder; at least two"
    parser.add_argument("which", nargs="*", metavar="RUN", help=sentence)
    add_last_option(parser)
    add_json_option(parser)


def run(options: argparse.Namespace) -> int:
    from dataclasses import asdict

    from aetui.errors import UsageError
    from aetui.runs.comparing import compare, measures
    from aetui.runs.listing import find_runs
    from aetui.text import safe_text

    folders = find_runs(options.runs, options.which, options.last)
    if len(folders) < 2:
        raise UsageError("A comparison is of two runs at least", "`aetui runs` lists them")
    found = compare(folders)
    if len(several := measures(found)) > 1:
        print(safe_text(f"these losses are not of the same: {'; '.join(several)}"), file=sys.stderr)
    if options.json:
        print(json.dumps([asdict(one) for one in found], indent=1))
    else:
        _print(sorted(found, key=lambda one: (one.best is None, one.best)))
    return 0


def _print(runs: Sequence["Compared"]) -> None:
    from aetui.cli.table import print_table
    from aetui.runs.comparing import over_seeds
    from aetui.text import format_duration, format_number, safe_text

    keys = list(runs[0].settings)
    heads = ("run", *keys, "best loss", "in epoch", "last", "epochs", "trained", "to what learns nothing")
    rows = [
        (
            one.run, *(one.settings[key] or "–" for key in keys), format_number(one.best),
            "–" if one.best_epoch is None else one.best_epoch, format_number(one.last), one.epochs,
            format_duration(one.seconds), one.against or "–",
        )
        for one in runs
    ]  # fmt: skip
    print_table(heads, rows, "")
    for group in over_seeds(runs):
        if len(group.runs) > 1:
            what = " ".join(f"{key}={value}" for key, value in group.settings.items())
            print(safe_text(f"{len(group.runs)} seeds{what and ' of '}{what}: best loss {group.best}"))
