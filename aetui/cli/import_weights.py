"""`aetui import`: published weights of a masked autoencoder as a run."""

import argparse
import shutil
import sys
from pathlib import Path

from aetui.cli.options import Verbs, add_set_option, add_verb


def add(verbs: Verbs) -> None:
    sentence = "make a run of published weights (facebookresearch/mae, Hugging Face's ViTMAE)"
    parser = add_verb(verbs, "import", run, sentence)
    parser.add_argument("checkpoint", type=Path, help="a file of torch.save or safetensors")
    parser.add_argument(
        "preset", metavar="NAME|FILE", help="a preset of a masked autoencoder of the same sizes"
    )
    add_set_option(parser)


def run(options: argparse.Namespace) -> int:
    from aetui.cli.new_run import make_run
    from aetui.cli.options import preset_changes
    from aetui.config.shipped import load_preset
    from aetui.devices.available import check_device_name
    from aetui.errors import AetuiError, UsageError
    from aetui.text import safe_text
    from aetui.training.import_weights import check_weights, import_weights
    from aetui.training.weights_file import read_weights

    check_device_name(options.device)
    preset, _ = load_preset(options.preset, preset_changes(options))
    if preset.model.kind != "mae":
        raise UsageError(f"{preset.name} is no masked autoencoder", "choose a preset whose model.kind is mae")
    weights = read_weights(options.checkpoint)
    notes = check_weights(options.checkpoint, weights, preset)
    folder = make_run(options, options.preset, imported=True)
    try:
        import_weights(folder, preset, weights.tensors)
    except BaseException as error:
        shutil.rmtree(folder.path, ignore_errors=True)
        if isinstance(error, OSError):
            raise AetuiError(f"The run cannot be written to {folder.path}: {error.strerror}") from None
        raise
    for note in notes:
        print(f"aetui: {note}", file=sys.stderr)
    print(safe_text(folder.name))
    return 0
