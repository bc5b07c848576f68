"""`aetui watch`: the app on a run that another process trains or trained."""

import argparse

from aetui.cli.options import Verbs, add_last_option, add_verb


def add(verbs: Verbs) -> None:
    parser = add_verb(verbs, "watch", run, "open the app on a run that another process trains or trained")
    sentence = "a run's name, a unique part of it, or its folder (default: the newest); several: compared"
    parser.add_argument("which", nargs="*", metavar="RUN", help=sentence)
    add_last_option(parser)


def run(options: argparse.Namespace) -> int:
    from aetui.cli.app import open_app
    from aetui.runs.listing import find_run, find_runs

    if not options.which and not options.last:
        return open_app(options, "aetui show", watch=find_run(options.runs, None))
    folders = find_runs(options.runs, options.which, options.last)
    if len(folders) == 1:
        return open_app(options, "aetui show", watch=folders[0])
    return open_app(options, "aetui compare", compare=folders)
