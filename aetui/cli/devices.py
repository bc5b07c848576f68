"""`aetui devices`: the devices that can train here."""

import argparse
import json
from dataclasses import asdict

from aetui.cli.options import Verbs, add_json_option, add_verb


def add(verbs: Verbs) -> None:
    add_json_option(add_verb(verbs, "devices", run, "list the devices that can train here"))


def run(options: argparse.Namespace) -> int:
    from aetui.cli.table import print_table
    from aetui.devices.available import available_devices
    from aetui.text import format_bytes

    found = available_devices()
    if options.json:
        print(json.dumps([asdict(device) for device in found], indent=1))
    else:
        rows = [
            (d.name, d.title, format_bytes(d.memory_bytes), "yes" if d.bf16 else "no", d.problem or "yes")
            for d in found
        ]
        print_table(("device", "what it is", "memory", "bf16", "can train"), rows, "none")
    return 0
