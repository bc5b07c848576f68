"""`aetui branch`: a new run from a checkpoint of another, with some settings changed."""

import argparse

from aetui.cli.options import (
    Verbs,
    add_json_option,
    add_run_argument,
    add_set_option,
    add_verb,
    data_dir,
    preset_changes,
)


def add(verbs: Verbs) -> None:
    parser = add_verb(verbs, "branch", run, "train a new run from a checkpoint of another")
    add_run_argument(parser)
    epoch = "the checkpoint after so many epochs (default: the newest)"
    parser.add_argument("--epoch", type=int, metavar="N", help=epoch)
    add_set_option(parser)
    parser.add_argument("--app", action="store_true", help="open the app on it")
    add_json_option(parser)


def run(options: argparse.Namespace) -> int:
    from aetui.cli.progress import listener
    from aetui.devices.available import check_device_name
    from aetui.runs.branching import branch_off, checkpoint_of
    from aetui.runs.create import Place
    from aetui.runs.listing import find_run

    if options.app:
        from aetui.cli.app import check_terminal, open_app

        check_terminal("aetui branch")
    check_device_name(options.device)
    source = find_run(options.runs, options.which)
    place = Place(options.runs, data_dir(options), options.device or "auto", options.threads, options.shared)
    folder = branch_off(source, checkpoint_of(source, options.epoch), preset_changes(options), place)
    if options.app:
        return open_app(options, "aetui branch", train=folder)
    from aetui.training.supervisor import supervise

    return supervise(folder, listener(folder, as_json=options.json), data_dir=options.data)
