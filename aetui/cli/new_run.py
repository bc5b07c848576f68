"""Making the folder of a new run from what the command line says."""

import argparse

from aetui.cli.options import data_dir, preset_changes
from aetui.config.shipped import load_preset, preset_text
from aetui.runs.folder import RunFolder, create_run


def make_run(options: argparse.Namespace, name_or_file: str) -> RunFolder:
    """Check the preset and write the folder of its new run. Raises AetuiError."""
    preset, sentence = load_preset(name_or_file, preset_changes(options))
    return create_run(
        options.runs, preset_name=preset.name, config=preset_text(preset, sentence), seed=preset.train.seed,
        epochs=preset.train.epochs, device=options.device, threads=options.threads, data_dir=data_dir(options),
    )  # fmt: skip
