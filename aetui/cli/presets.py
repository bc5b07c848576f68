"""`aetui presets`: list the shipped presets, show one, check files."""

import argparse
import json

from aetui.cli.options import Verbs, add_json_option, add_verb


def add(verbs: Verbs) -> None:
    parser = add_verb(verbs, "presets", run_list, "list the presets, show one, check files")
    add_json_option(parser)
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    show = add_verb(actions, "show", run_show, "print a preset's TOML")
    show.add_argument("preset", metavar="NAME|FILE")
    check = add_verb(actions, "check", run_check, "check preset files and name every mistake")
    check.add_argument("files", metavar="FILE", nargs="+")


def run_list(options: argparse.Namespace) -> int:
    from aetui.cli.table import print_table
    from aetui.config.shipped import shipped_presets

    found = shipped_presets()
    if options.json:
        table = [{"name": p.name, "description": p.description, "file": str(p.path)} for p in found]
        print(json.dumps(table, indent=1))
    else:
        print_table(("preset", "what it shows"), [(p.name, p.description) for p in found], "no presets")
    return 0


def run_show(options: argparse.Namespace) -> int:
    from aetui.config.reading import read_text
    from aetui.config.shipped import find_preset
    from aetui.text import safe_text

    for line in read_text(find_preset(options.preset)).removesuffix("\n").split("\n"):
        print("\t".join(map(safe_text, line.removesuffix("\r").split("\t"))))
    return 0


def run_check(options: argparse.Namespace) -> int:
    from aetui.config.problems import PresetError, Problem
    from aetui.config.reading import read_preset
    from aetui.config.shipped import find_preset

    problems: list[Problem] = []
    for name in options.files:
        try:
            read_preset(find_preset(name), for_new_run=True)
        except PresetError as error:
            problems.extend(error.problems)
        else:
            print(f"{name}: good")
    if problems:
        raise PresetError(problems)
    return 0
