"""`aetui data`: the data sets, where they are, and fetching one."""

import argparse
import json
import sys
import time
from typing import TYPE_CHECKING, Any

from aetui.cli.options import Verbs, add_json_option, add_verb, data_dir

if TYPE_CHECKING:
    from aetui.data.catalogue import Source
    from aetui.data.finding import Found


def add(verbs: Verbs) -> None:
    parser = add_verb(verbs, "data", run_list, "list the data sets, or fetch one")
    add_json_option(parser)
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    get = add_verb(actions, "get", run_get, "download a data set")
    get.add_argument("name", metavar="NAME")


def run_list(options: argparse.Namespace) -> int:
    from aetui.cli.table import print_table
    from aetui.data.catalogue import SETS
    from aetui.data.finding import find
    from aetui.shapes.sizes import format_size
    from aetui.text import format_bytes, safe_text

    folder = data_dir(options)
    sets = list(SETS.values())
    if options.json:
        table = [_as_json(source, find(source, folder)) for source in sets]
        print(json.dumps({"data_dir": str(folder), "sets": table}, indent=1))
        return 0
    rows = []
    for source in sets:
        found = find(source, folder)
        state = "generated" if not source.archives else "here" if found else "to download"
        download = format_bytes(source.download_bytes or None)
        counts = (f"{source.train_count:,}", f"{source.test_count:,}")
        where = safe_text(found.sentence) if found else ""
        rows.append((source.name, format_size(source.size), *counts, download, state, where))
    print_table(("set", "size", "train", "test", "download", "state", "where"), rows, "none")
    print(safe_text(f"data folder: {folder}"), file=sys.stderr)
    return 0


def _as_json(source: "Source", found: "Found | None") -> dict[str, Any]:
    return {
        "name": source.name,
        "title": source.title,
        "size": source.size,
        "train": source.train_count,
        "test": source.test_count,
        "generated": not source.archives,
        "here": not source.archives or found is not None,
        "form": found.form if found else None,
        "folder": str(found.folder) if found else None,
        "download_bytes": source.download_bytes,
        "hosts": source.hosts,
    }


def run_get(options: argparse.Namespace) -> int:
    from aetui.data.catalogue import SETS
    from aetui.data.download import Progress, fetch
    from aetui.errors import UsageError
    from aetui.text import safe_text

    source = SETS.get(options.name)
    if source is None:
        raise UsageError(f"There is no data set {options.name}", f"there is {', '.join(SETS)}")
    if not source.archives:
        print(f"{source.title}: made when they are needed, nothing to fetch", file=sys.stderr)
        return 0
    reported_at, on_terminal = 0.0, sys.stderr.isatty()

    def report(progress: Progress) -> None:
        nonlocal reported_at
        if time.monotonic() - reported_at > (0.2 if on_terminal else 5.0):
            reported_at = time.monotonic()
            start, end = ("\r\x1b[K", "") if on_terminal else ("", "\n")
            print(f"{start}{safe_text(progress.sentence)}", end=end, file=sys.stderr, flush=True)

    fetch(source, data_dir(options), on_progress=report, cancelled=lambda: False)
    end = "\r\x1b[K" if on_terminal else ""
    print(end + safe_text(f"{source.title} is in {data_dir(options)}"), file=sys.stderr)
    return 0
