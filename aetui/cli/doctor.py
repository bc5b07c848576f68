"""`aetui doctor`: what the terminal and the machine can do, and what to mend."""

import argparse
import json
import os
import shutil
import stat
import sys
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

from aetui.cli.options import Verbs, add_json_option, add_verb, data_dir
from aetui.errors import EXIT_DONE, EXIT_FAILURE

if TYPE_CHECKING:
    from aetui.cli.doctor_checks import Check


def add(verbs: Verbs) -> None:
    parser = add_verb(verbs, "doctor", run, "look at the terminal, PyTorch, devices, data and disk")
    add_json_option(parser)
    parser.add_argument("--test-pattern", action="store_true", help="print colours to look at, too")


def run(options: argparse.Namespace) -> int:
    from aetui.cli.doctor_checks import data_checks, disk_check, terminal_checks, torch_checks
    from aetui.cli.doctor_pattern import pattern, picture
    from aetui.terminal.choice import choose
    from aetui.terminal.detection import detect

    terminal = detect(unasked=_why_not_ask())
    choice = choose(terminal, options.images)
    checks = terminal_checks(terminal, choice)
    with _saying("importing PyTorch ..."):
        checks += torch_checks()
    checks += data_checks(data_dir(options))
    with _saying("writing to the runs folder ..."):
        checks.append(disk_check(options.runs))
    if options.json:
        rows = [asdict(check) for check in checks]
        print(
            json.dumps({"checks": rows, "terminal": asdict(terminal), "pictures": asdict(choice)}, indent=1)
        )
    else:
        _print(checks)
        if options.test_pattern:
            print("\nTest pattern: two ramps of grey and two rainbows, each without steps or stripes.")
            print(*pattern(terminal.colours, terminal.unicode), sep="\n")
            print(picture(choice), end="")
    return EXIT_FAILURE if any(check.state == "failure" for check in checks) else EXIT_DONE


def _why_not_ask() -> str:
    """Why the controlling terminal is not asked. It is where standard output is a file, as for a report."""
    try:
        to_pipe = stat.S_ISFIFO(os.fstat(1).st_mode)
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return "there is no terminal here"
    try:
        if os.tcgetpgrp(terminal) != os.getpgrp():
            return "aetui is in the background"
    finally:
        os.close(terminal)
    return "standard output is a pipe, whose reader may be reading the terminal" if to_pipe else ""


def _print(checks: Iterable["Check"]) -> None:
    """A line a check, what to do below it; wrapped to the terminal."""
    from aetui.text import safe_text

    width = shutil.get_terminal_size((100, 24)).columns
    margin = " " * 30
    for check in checks:
        for start, text in ((f"{check.state:9}{check.name:21}", check.value), (margin, check.advice)):
            if text:
                print(textwrap.fill(safe_text(text), width, initial_indent=start, subsequent_indent=margin))


@contextmanager
def _saying(sentence: str) -> Iterator[None]:
    """Say on a terminal what is waited for, and take it away again."""
    on_terminal = sys.stderr.isatty()
    if on_terminal:
        print(sentence, end="", file=sys.stderr, flush=True)
    yield
    if on_terminal:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
