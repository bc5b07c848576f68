"""`aetui runs`: the runs, newest first."""

import argparse
import json
import sys

from aetui.cli.options import Verbs, add_json_option, add_verb


def add(verbs: Verbs) -> None:
    add_json_option(add_verb(verbs, "runs", run, "list the runs, newest first"))


def run(options: argparse.Namespace) -> int:
    from aetui.cli.table import print_table
    from aetui.runs.listing import look_through
    from aetui.text import format_number, safe_text

    found, notes = look_through(options.runs)
    for note in notes:
        print(safe_text(f"not listed: {note}"), file=sys.stderr)
    if options.json:
        print(json.dumps([summary.as_dict() for summary in found], indent=1))
        return 0
    rows = [
        (
            one.run,
            one.preset,
            one.state.replace("_", " "),
            f"{one.epochs}/{one.epochs_planned}",
            format_number(one.test_loss),
            one.started[:16].replace("T", " "),
        )
        for one in found
    ]
    print_table(
        ("run", "preset", "state", "epochs", "test loss", "started"), rows, f"no runs in {options.runs}"
    )
    return 0
