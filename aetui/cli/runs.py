"""`aetui runs`: the runs, newest first, or those that are looked for."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from aetui.cli.options import Verbs, add_json_option, add_verb

if TYPE_CHECKING:
    from aetui.runs.listing import RunSummary

SORTED: dict[str, "Callable[[RunSummary], float | str | None]"] = {
    "best": lambda run: run.best_loss,
    "last": lambda run: run.test_loss,
    "name": lambda run: run.title,
    "state": lambda run: run.state,
}
"""What runs are sorted by besides their start; those without come last."""


def add(verbs: Verbs) -> None:
    parser = add_verb(verbs, "runs", run, "list the runs, newest first")
    wanted = "only those: words, state:finished, 'best<0.01', train.learning_rate=1e-3, is:starred"
    parser.add_argument("wanted", nargs="*", metavar="FILTER", help=wanted)
    parser.add_argument("--sort", choices=SORTED, metavar="|".join(SORTED), help="the lowest first")
    add_json_option(parser)


def run(options: argparse.Namespace) -> int:
    from aetui.runs.filtering import parse_filter
    from aetui.runs.listing import look_through
    from aetui.text import safe_text

    wanted = parse_filter(" ".join(options.wanted))
    found, notes = look_through(options.runs)
    for note in notes:
        print(safe_text(f"not listed: {note}"), file=sys.stderr)
    found = [one for one in found if wanted.passes(one, lambda run, key: _setting(options, run, key))]
    if options.sort:
        found = _sorted(found, SORTED[options.sort])
    if options.json:
        print(json.dumps([summary.as_dict() for summary in found], indent=1))
    else:
        _print(found, f"no {'such ' * bool(options.wanted)}runs in {options.runs}")
    return 0


def _print(found: "Sequence[RunSummary]", if_none: str) -> None:
    from aetui.cli.table import cut, print_table
    from aetui.runs.listing import in_short
    from aetui.text import format_number

    rows = [
        (
            one.run,
            one.title,
            one.state.replace("_", " "),
            f"{one.epochs}/{one.epochs_planned}",
            format_number(one.best_loss),
            format_number(one.test_loss),
            one.started[:16].replace("T", " "),
            cut(" ".join([in_short(one.changes), *(f"#{tag}" for tag in one.labels.tags), one.labels.note])),
        )
        for one in found
    ]
    print_table(("run", "preset", "state", "epochs", "best", "test loss", "started", "with"), rows, if_none)


def _sorted(
    found: "Sequence[RunSummary]", of: "Callable[[RunSummary], float | str | None]"
) -> "list[RunSummary]":
    valued = [one for one in found if of(one) is not None]
    return [*sorted(valued, key=of), *(one for one in found if of(one) is None)]  # type: ignore[arg-type]


def _setting(options: argparse.Namespace, run: "RunSummary", key: str) -> str | None:
    from aetui.config.latent import setting_of
    from aetui.config.problems import PresetError
    from aetui.runs.folder import RunFolder

    try:
        return setting_of(RunFolder(options.runs / run.run).read_preset(), key)
    except PresetError:
        return None
