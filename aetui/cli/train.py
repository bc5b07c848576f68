"""`aetui train`: train a preset without a screen."""

import argparse

from aetui.cli.options import Verbs, add_json_option, add_processes_option, add_set_option, add_verb


def add(verbs: Verbs) -> None:
    parser = add_verb(verbs, "train", run, "train a preset without a screen: progress on stderr")
    parser.add_argument("preset", metavar="NAME|FILE", help="a shipped preset or a .toml file")
    add_set_option(parser)
    add_processes_option(parser)
    add_json_option(parser)
    parser.add_argument("--profile", action="store_true", help="profile some steps first: see profile.txt")


def run(options: argparse.Namespace) -> int:
    from aetui.cli.new_run import make_run
    from aetui.cli.progress import listener
    from aetui.cli.torchrun import begun_before, code_of_end, end_all, note_launch, told_to_torchrun
    from aetui.devices.available import check_device_name
    from aetui.training.ranks.environment import rank
    from aetui.training.ranks.serving import serve
    from aetui.training.supervisor import supervise

    if rank():
        return serve()
    check_device_name(options.device)
    folder = begun_before(options.runs)
    if folder is None:
        folder = make_run(options, options.preset)
    elif (code := code_of_end(folder)) is not None:
        return end_all(code)
    note_launch(folder)
    told = listener(folder, as_json=options.json)
    return told_to_torchrun(supervise(folder, told, data_dir=options.data, profile=options.profile))
