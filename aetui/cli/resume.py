"""`aetui resume`: go on with a run from its newest good checkpoint."""

import argparse

from aetui.cli.options import Verbs, add_json_option, add_run_argument, add_verb


def add(verbs: Verbs) -> None:
    parser = add_verb(verbs, "resume", run, "go on with a run from its newest good checkpoint")
    add_run_argument(parser)
    parser.add_argument("--app", action="store_true", help="open the app on it")
    add_json_option(parser)


def run(options: argparse.Namespace) -> int:
    from aetui.cli.progress import listener
    from aetui.errors import UsageError
    from aetui.runs import states
    from aetui.runs.folder import find_state
    from aetui.runs.listing import find_run
    from aetui.training.supervisor import supervise

    folder = find_run(options.runs, options.which)
    meta = folder.read_meta()
    state = find_state(meta)
    if state in states.LIVE:
        raise UsageError(f"{folder.name} is {state}", f"watch it with `aetui watch {folder.name}`")
    if state == states.FINISHED:
        raise UsageError(f"{folder.name} is finished: all {meta.epochs} epochs are trained")
    changes = {"device": options.device} if options.device != "auto" else {}
    changes |= {"threads": options.threads} if options.threads else {}
    changes |= {"data_dir": str(options.data.absolute())} if options.data else {}
    folder.change_meta(**changes)
    if options.app:
        from aetui.cli.app import open_app

        return open_app(options, train=folder)
    return supervise(folder, listener(folder, as_json=options.json))
