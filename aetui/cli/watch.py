"""`aetui watch`: the app on a run that another process trains or trained."""

import argparse

from aetui.cli.options import Verbs, add_run_argument, add_verb


def add(verbs: Verbs) -> None:
    parser = add_verb(verbs, "watch", run, "open the app on a run that another process trains or trained")
    add_run_argument(parser)


def run(options: argparse.Namespace) -> int:
    from aetui.cli.app import open_app
    from aetui.runs.listing import find_run

    return open_app(options, watch=find_run(options.runs, options.which))
