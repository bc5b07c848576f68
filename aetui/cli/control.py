"""`aetui control`: send a command to a run that another process trains."""

import argparse
import sys

from aetui.cli.options import Verbs, add_verb


def add(verbs: Verbs) -> None:
    from aetui.runs.control import COMMANDS

    parser = add_verb(
        verbs, "control", run, "pause, resume or stop a run, or ask it for something, from outside"
    )
    parser.add_argument("which", metavar="RUN", help="a run's name, a unique part of it, or its folder")
    parser.add_argument("command", choices=COMMANDS, metavar="|".join(COMMANDS), help="what the run is to do")


def run(options: argparse.Namespace) -> int:
    from aetui.errors import AetuiError
    from aetui.runs import states
    from aetui.runs.control import send
    from aetui.runs.listing import find_run
    from aetui.runs.liveness import find_state
    from aetui.text import safe_text

    folder = find_run(options.runs, options.which)
    state = find_state(folder, folder.read_meta())
    if state not in states.LIVE:
        raise AetuiError(
            f"{folder.name} is {state.replace('_', ' ')}; nothing trains it", "see: aetui resume"
        )
    try:
        send(folder.control, options.command)
    except OSError as error:
        raise AetuiError(f"{folder.control} cannot be written: {error.strerror}") from None
    print(safe_text(f"aetui: asked {folder.name} to {options.command}"), file=sys.stderr)
    return 0
