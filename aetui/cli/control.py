"""`aetui control`: send a command to a run that another process trains."""

import argparse
import sys
from typing import TYPE_CHECKING

from aetui.cli.options import Verbs, add_verb

if TYPE_CHECKING:
    from aetui.runs.folder import RunFolder


def add(verbs: Verbs) -> None:
    from aetui.runs.control import COMMANDS

    parser = add_verb(
        verbs, "control", run, "pause, resume or stop a run, or ask it for something, from outside"
    )
    parser.add_argument("which", metavar="RUN", help="a run's name, a unique part of it, or its folder")
    words = (*COMMANDS, "set")
    parser.add_argument("command", choices=words, metavar="|".join(words), help="what the run is to do")
    change = (
        "of set: train.learning_rate=3e-4, train.epochs=20, probe.every=1, noise.std=0.2 or mask.ratio=0.5"
    )
    parser.add_argument("change", nargs="?", metavar="K=V", help=change)


def run(options: argparse.Namespace) -> int:
    from aetui.errors import AetuiError, UsageError
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
    command = _change(folder, options) if options.command == "set" else options.command
    if options.change and options.command != "set":
        raise UsageError(f"`{options.command}` takes nothing more", "`set` takes a setting and its value")
    try:
        send(folder.control, command)
    except OSError as error:
        raise AetuiError(f"{folder.control} cannot be written: {error.strerror}") from None
    print(safe_text(f"aetui: asked {folder.name} to {command}"), file=sys.stderr)
    return 0


def _change(folder: "RunFolder", options: argparse.Namespace) -> str:
    """The command that changes a setting. Raises PresetError and UsageError for what cannot be."""
    from aetui.config.steering import steer, steered
    from aetui.errors import UsageError
    from aetui.runs.control import LONGEST_SET, SET

    change = (options.change or "").strip()
    if not change or len(SET + change) > LONGEST_SET or not change.isprintable():
        raise UsageError("`set` takes a setting and its value", "for example train.learning_rate=3e-4")
    steer(steered(folder.read_preset()), change)
    return SET + change
