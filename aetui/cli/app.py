"""`aetui`: the app, from the menu or on one run."""

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from aetui.cli.options import data_dir
from aetui.errors import UsageError
from aetui.text import for_shell

if TYPE_CHECKING:
    from aetui.runs.folder import RunFolder


def run(options: argparse.Namespace) -> int:
    """Open the menu, or train `--preset` at once."""
    from aetui.devices.available import check_device_name

    check_terminal(f"aetui train {for_shell(options.preset or 'digits-mlp')}")
    check_device_name(options.device)
    if options.preset is None:
        if options.early_changes:
            raise UsageError("--set changes a preset, but none is named", "add --preset NAME")
        return open_app(options)
    from aetui.cli.new_run import make_run

    return open_app(options, train=make_run(options, options.preset))


def open_app(
    options: argparse.Namespace,
    headless: str = "aetui train digits-mlp",
    *,
    train: "RunFolder | None" = None,
    watch: "RunFolder | None" = None,
    compare: "Sequence[RunFolder]" = (),
) -> int:
    """Run the app until it is left. `train`: start this run at once; `watch`, `compare`: show these.

    `headless` is the command that does the same without a screen.
    Raises UsageError where there is no terminal to draw on.
    """
    check_terminal(headless)
    from aetui.terminal.choice import choose
    from aetui.terminal.detection import detect

    unasked = "" if options.images in ("auto", "sixel", "kitty") else f"--images {options.images}"
    terminal = detect(unasked=unasked, meanwhile=_load)
    from aetui.ui.app import AetuiApp
    from aetui.ui.settings import Settings

    settings = Settings(
        runs_dir=options.runs,
        data_dir=data_dir(options),
        device=options.device or "auto",
        threads=options.threads,
        seed=options.seed,
        shared=options.shared,
        images=choose(terminal, options.images),
    )
    app = AetuiApp(settings, train=train, watch=watch, compare=compare)
    app.run()
    if app.farewell:
        print(app.farewell, file=sys.stderr)
    return app.return_code or 0


def _load() -> None:
    """Import the app, a tenth faster where nobody looks for garbage in what stays."""
    gc.disable()
    import_module("aetui.ui.app")
    gc.freeze()
    gc.enable()


def check_terminal(headless: str) -> None:
    """Raises UsageError where there is no terminal to draw on, and names what does without.

    Keys come from standard input, and Textual draws on standard error.
    """
    streams = {"standard input": sys.stdin, "standard output": sys.stdout, "standard error": sys.stderr}
    elsewhere = [name for name, stream in streams.items() if stream is None or not stream.isatty()]
    dumb = os.environ.get("TERM", "dumb") == "dumb"
    if elsewhere or dumb:
        what = f"{elsewhere[0]} is no terminal" if elsewhere else "TERM is dumb"
        raise UsageError(f"The app needs a terminal to draw on: {what}", f"without a screen: `{headless}`")
