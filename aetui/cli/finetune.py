"""`aetui finetune`: a classifier from the encoder of a run, and its twin from scratch for comparison."""

import argparse
import contextlib
import os
import sys
from typing import TYPE_CHECKING

from aetui.cli.options import (
    Verbs,
    add_json_option,
    add_run_argument,
    add_set_option,
    add_verb,
    positive,
    preset_changes,
)

if TYPE_CHECKING:
    from pathlib import Path

    from aetui.config.preset import Preset
    from aetui.runs.folder import RunFolder

MOST_SEEDS = 1000


def add(verbs: Verbs) -> None:
    sentence = "train a classifier from a run's encoder, and its twin from scratch"
    parser = add_verb(verbs, "finetune", run, sentence)
    add_run_argument(parser)
    parser.add_argument("--no-twin", action="store_true", help="leave the twin from scratch out")
    parser.add_argument("--epochs", type=int, metavar="N", help="the same as --set train.epochs=N")
    parser.add_argument("--twin-epochs", type=int, metavar="N", help="other epochs for the twin")
    until = "train each, at a constant learning rate, until it gets no better for 10 epochs"
    parser.add_argument("--until-flat", action="store_true", help=until)
    seeds = "so many of each, of seeds that follow each other, told with their spread (default: 1)"
    parser.add_argument("--seeds", type=_seeds, default=1, metavar="N", help=seeds)
    add_set_option(parser)
    add_json_option(parser)


def _seeds(text: str) -> int:
    number = positive(text)
    if number > MOST_SEEDS:
        raise argparse.ArgumentTypeError(f"{number} is more than {MOST_SEEDS}")
    return number


def run(options: argparse.Namespace) -> int:
    from aetui.devices.available import check_device_name
    from aetui.runs.listing import find_run
    from aetui.runs.liveness import require_idle

    source = find_run(options.runs, options.which)
    check_device_name(options.device)
    require_idle(source)
    with _held(source):
        return _train_all(source, options)


def _held(source: "RunFolder") -> "contextlib.AbstractContextManager[object]":
    """While classifiers begin with its checkpoint nothing trains it; what cannot be written stays anyway."""
    from aetui.training.ownership import owned_idle

    return owned_idle(source) if os.access(source.path, os.W_OK) else contextlib.nullcontext()


def _train_all(source: "RunFolder", options: argparse.Namespace) -> int:
    from aetui.cli.comparison import print_comparison
    from aetui.cli.progress import listener
    from aetui.runs import states
    from aetui.training.supervisor import supervise

    presets = [(kind, preset) for twins in _pairs(source, options) for kind, preset in twins.items()]
    made: list[tuple[str, RunFolder]] = []
    for number, (kind, preset) in enumerate(presets):
        folder = _make_run(source, kind, preset, options)
        made.append((kind, folder))
        if code := supervise(folder, listener(folder, as_json=False), data_dir=options.data):
            if folder.read_meta().state == states.STOPPED:
                left = [_make_run(source, *one, options) for one in presets[number + 1 :]]
                _tell_how_to_go_on([folder, *left])
            return code
    each = len(presets) // options.seeds
    print_comparison([dict(made[at : at + each]) for at in range(0, len(made), each)], as_json=options.json)
    return 0


def _tell_how_to_go_on(left: "list[RunFolder]") -> None:
    from aetui.text import safe_text

    commands = ", then ".join(f"`aetui resume {folder.called}`" for folder in left)
    print(safe_text(f"not compared yet: go on with {commands}"), file=sys.stderr)


def _pairs(source: "RunFolder", options: argparse.Namespace) -> "list[dict[str, Preset]]":
    """The presets of both runs, by the kind of each, for every seed. Raises AetuiError."""
    from aetui.config.finetuning import UNTIL_FLAT, finetuning_preset

    checkpoint, name = str(_checkpoint(source)), source.read_meta().preset
    changes = [
        *(UNTIL_FLAT if options.until_flat else ()),
        *_epochs(options.epochs),
        *preset_changes(options),
    ]
    first = finetuning_preset(source.config, f"{name}-finetune", checkpoint, changes).train.seed
    pairs = []
    for seed in range(first, first + options.seeds):
        seeded = [*changes, f"train.seed={seed}"]
        pair = {"finetune": finetuning_preset(source.config, f"{name}-finetune", checkpoint, seeded)}
        if not options.no_twin:
            seeded += _epochs(options.twin_epochs)
            pair["scratch"] = finetuning_preset(source.config, f"{name}-scratch", "", seeded)
        pairs.append(pair)
    return pairs


def _epochs(number: int | None) -> list[str]:
    return [] if number is None else [f"train.epochs={number}"]


def _checkpoint(source: "RunFolder") -> "Path":
    """The newest good checkpoint of a run of a masked autoencoder."""
    from aetui.errors import UsageError
    from aetui.runs.checkpoint_index import newest_whole

    kind = source.read_preset().model.kind
    if kind != "mae":
        raise UsageError(
            f"{source.name} is no masked autoencoder: its model.kind is {kind}",
            "train one first, for example `aetui train shapes-vit-mae`",
        )
    entry = newest_whole(source.checkpoints)
    if entry is None:
        raise UsageError(f"{source.name} has no good checkpoint to start from", "train it first")
    return source.checkpoints.absolute() / entry.file


def _make_run(source: "RunFolder", kind: str, preset: "Preset", options: argparse.Namespace) -> "RunFolder":
    """A new run, stopped until it begins, with the data and device of its source unless given."""
    from pathlib import Path

    from aetui.cli.comparison import HOW
    from aetui.runs import states
    from aetui.runs.create import create_run

    meta = source.read_meta()
    return create_run(
        preset,
        f"{source.name}, {HOW[kind]} as a classifier",
        options.runs,
        options.data or Path(meta.data_dir),
        options.device or meta.device,
        options.threads or meta.threads,
        shared=options.shared,
        state=states.STOPPED,
    )
