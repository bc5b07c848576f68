"""Making the folder of a new run from what the command line says."""

import argparse

from aetui.cli.options import data_dir, preset_changes
from aetui.config.shipped import load_preset
from aetui.runs.folder import RunFolder, create_run


def make_run(options: argparse.Namespace, name_or_file: str) -> RunFolder:
    """Check the preset and write the folder of its new run. Raises AetuiError."""
    preset, sentence = load_preset(name_or_file, preset_changes(options))
    return create_run(
        preset,
        sentence,
        options.runs,
        data_dir(options),
        options.device or "auto",
        options.threads,
        shared=options.shared,
    )
