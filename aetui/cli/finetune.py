"""`aetui finetune`: a classifier from the encoder of a run, and its twin from scratch for comparison."""

import argparse
import json
import sys
from typing import TYPE_CHECKING

from aetui.cli.options import (
    Verbs,
    add_json_option,
    add_run_argument,
    add_set_option,
    add_verb,
    preset_changes,
)

if TYPE_CHECKING:
    from pathlib import Path

    from aetui.config.preset import Preset
    from aetui.runs.folder import RunFolder


def add(verbs: Verbs) -> None:
    sentence = "train a classifier from a run's encoder, and its twin from scratch"
    parser = add_verb(verbs, "finetune", run, sentence)
    add_run_argument(parser)
    parser.add_argument("--no-twin", action="store_true", help="leave the twin from scratch out")
    parser.add_argument("--epochs", type=int, metavar="N", help="the same as --set train.epochs=N")
    add_set_option(parser)
    add_json_option(parser)


def run(options: argparse.Namespace) -> int:
    from aetui.cli.comparison import print_comparison
    from aetui.cli.progress import listener
    from aetui.devices.available import check_device_name
    from aetui.runs import states
    from aetui.runs.folder import RunFolder
    from aetui.runs.listing import find_run
    from aetui.training.supervisor import supervise

    source = find_run(options.runs, options.which)
    check_device_name(options.device)
    made: dict[str, RunFolder] = {}
    twins = _twins(source, options)
    for kind in twins:
        folder = made[kind] = _make_run(source, kind, twins[kind], options)
        if code := supervise(folder, listener(folder, as_json=False), data_dir=options.data):
            if folder.read_meta().state == states.STOPPED:
                left = [_make_run(source, twin, twins[twin], options) for twin in twins if twin not in made]
                _tell_how_to_go_on([folder, *left])
            return code
    if not options.no_twin:
        print_comparison(made, as_json=options.json)
    elif options.json:
        print(json.dumps({kind: {"run": folder.name} for kind, folder in made.items()}, indent=1))
    return 0


def _tell_how_to_go_on(left: "list[RunFolder]") -> None:
    commands = ", then ".join(f"`aetui resume {folder.called}`" for folder in left)
    print(f"not compared yet: go on with {commands}", file=sys.stderr)


def _twins(source: "RunFolder", options: argparse.Namespace) -> "dict[str, Preset]":
    """The presets of both runs, equal but for where the encoder comes from. Raises AetuiError."""
    from aetui.config.finetuning import finetuning_preset
    from aetui.runs.folder import Meta

    checkpoint = str(_checkpoint(source))
    epochs = [] if options.epochs is None else [f"train.epochs={options.epochs}"]
    changes = [*epochs, *preset_changes(options)]
    meta: Meta = source.read_meta()
    return {
        kind: finetuning_preset(source.config, f"{meta.preset}-{kind}", checkpoint, changes)
        for kind, checkpoint in (("finetune", checkpoint), ("scratch", ""))
        if checkpoint or not options.no_twin
    }


def _checkpoint(source: "RunFolder") -> "Path":
    """The newest good checkpoint of a run of a masked autoencoder that is not training."""
    from aetui.config.reading import read_preset
    from aetui.errors import UsageError
    from aetui.runs.checkpoint_index import newest_whole
    from aetui.runs.liveness import require_idle

    kind = read_preset(source.config).model.kind
    if kind != "mae":
        raise UsageError(
            f"{source.name} is no masked autoencoder: its model.kind is {kind}",
            "train one first, for example `aetui train shapes-vit-mae`",
        )
    require_idle(source)
    entry = newest_whole(source.checkpoints)
    if entry is None:
        raise UsageError(f"{source.name} has no good checkpoint to start from", "train it first")
    return source.checkpoints.absolute() / entry.file


def _make_run(source: "RunFolder", kind: str, preset: "Preset", options: argparse.Namespace) -> "RunFolder":
    """A new run, stopped until it begins, with the data and device of its source unless given."""
    from pathlib import Path

    from aetui.cli.comparison import HOW
    from aetui.runs import states
    from aetui.runs.folder import create_run

    meta = source.read_meta()
    folder = create_run(
        preset,
        f"{source.name}, {HOW[kind]} as a classifier",
        options.runs,
        options.data or Path(meta.data_dir),
        options.device or meta.device,
        options.threads or meta.threads,
        shared=options.shared,
    )
    folder.change_meta(state=states.STOPPED)
    return folder
