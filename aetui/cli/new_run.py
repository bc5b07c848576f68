"""Making the folder of a new run from what the command line says."""

import argparse
import sys

from aetui.cli.options import data_dir, preset_changes
from aetui.cli.torchrun import processes_by_torchrun
from aetui.config.shipped import load_preset
from aetui.runs.create import create_run
from aetui.runs.folder import RunFolder
from aetui.runs.listing import owner_note
from aetui.text import safe_text


def make_run(options: argparse.Namespace, name_or_file: str, *, imported: bool = False) -> RunFolder:
    """Check the preset and write the folder of its new run, or of one to import into. Raises AetuiError."""
    changes = [*preset_changes(options), *processes_by_torchrun()]
    preset, sentence = load_preset(name_or_file, changes)
    if note := owner_note(options.runs):
        print(f"aetui: {safe_text(note)}", file=sys.stderr)
    return create_run(
        preset,
        sentence,
        options.runs,
        data_dir(options),
        options.device or "auto",
        options.threads,
        changes=changes,
        shared=options.shared,
        imported=imported,
    )
