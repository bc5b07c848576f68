"""`aetui runs`: the runs, newest first."""

import argparse
import json

from aetui.cli.options import Verbs, add_json_option, add_verb


def add(verbs: Verbs) -> None:
    add_json_option(add_verb(verbs, "runs", run, "list the runs, newest first"))


def run(options: argparse.Namespace) -> int:
    from aetui.cli.table import print_table
    from aetui.runs.listing import list_runs
    from aetui.text import format_number

    found = list_runs(options.runs)
    if options.json:
        print(json.dumps([summary.as_dict() for summary in found], indent=1))
        return 0
    rows = [
        (r.run, r.preset, r.state.replace("_", " "), f"{r.epochs}/{r.epochs_planned}", format_number(r.test_loss), r.started[:16].replace("T", " "))
        for r in found
    ]  # fmt: skip
    print_table(("run", "preset", "state", "epochs", "test loss", "started"), rows, f"no runs in {options.runs}")
    return 0
