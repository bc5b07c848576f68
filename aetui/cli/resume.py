"""`aetui resume`: go on with a run from its newest good checkpoint."""

import argparse
import os
import sys
from typing import TYPE_CHECKING

from aetui.cli.options import (
    Verbs,
    add_json_option,
    add_processes_option,
    add_run_argument,
    add_set_option,
    add_verb,
    preset_changes,
)
from aetui.text import for_shell

if TYPE_CHECKING:
    from aetui.config.preset import Preset
    from aetui.runs.folder import RunFolder


def add(verbs: Verbs) -> None:
    parser = add_verb(verbs, "resume", run, "go on with a run from its newest good checkpoint")
    add_run_argument(parser)
    add_set_option(parser)
    add_processes_option(parser)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--app", action="store_true", help="open the app on it")
    repair = "make a damaged or missing list of its checkpoints, or meta.json, anew from what is whole"
    how.add_argument("--repair", action="store_true", help=repair)
    add_json_option(parser)


def run(options: argparse.Namespace) -> int:
    from aetui.cli.progress import listener
    from aetui.cli.torchrun import code_of_end, end_all, told_to_torchrun
    from aetui.devices.available import check_device_name
    from aetui.errors import EXIT_DONE
    from aetui.runs.liveness import require_idle
    from aetui.training.ranks.environment import rank
    from aetui.training.ranks.serving import serve

    if rank():
        return serve()
    if options.app:
        from aetui.cli.app import check_terminal, open_app

        check_terminal("aetui resume")
    folder = _chosen(options)
    if (ended := code_of_end(folder)) is not None:
        return end_all(ended)
    check_device_name(options.device)
    preset = _changed_preset(folder, options)
    require_idle(folder)
    if not options.repair:
        _require_unfinished(folder, preset)
    _warn_of_bend(preset, folder.read_meta().epochs_planned)
    if options.app:
        from aetui.training.ownership import owned

        with owned(folder):
            _amend(folder, options)
        return open_app(options, "aetui resume", train=folder)
    from aetui.training.supervisor import supervise

    code = supervise(
        folder,
        listener(folder, as_json=options.json),
        data_dir=options.data,
        repair=options.repair,
        amend=lambda: _amend(folder, options),
    )
    if code == EXIT_DONE and not options.json and preset.model.kind == "classifier":
        from aetui.cli.comparison import finished_pair, print_comparison

        if pair := finished_pair(folder):
            print_comparison([pair], as_json=False)
    return told_to_torchrun(code)


def _chosen(options: argparse.Namespace) -> "RunFolder":
    """The run that is meant, its meta.json mended if asked for; after a restart it may be left out."""
    from aetui.cli.torchrun import begun_before
    from aetui.runs.listing import find_run

    if options.repair and options.which:
        _repair_meta(options)
    before = None if options.which else begun_before(options.runs)
    return before or find_run(options.runs, options.which)


def _require_unfinished(folder: "RunFolder", preset: "Preset") -> None:
    """Raises UsageError where all epochs of the preset are trained."""
    from aetui.config.steering import steered
    from aetui.errors import UsageError
    from aetui.runs import states

    meta = folder.read_meta()
    if meta.state == states.FINISHED and steered(preset).train.epochs <= meta.epochs:
        hint = f"for more epochs: --set train.epochs={max(1, 2 * meta.epochs)}"
        raise UsageError(f"{folder.name} is finished: all {meta.epochs} epochs are trained", hint)


def _repair_meta(options: argparse.Namespace) -> None:
    """Make the meta.json of the run that is named, or whose folder is, anew where it is damaged."""
    from aetui.data.catalogue import default_data_dir
    from aetui.errors import UsageError
    from aetui.files import expanded
    from aetui.runs.folder import DamagedMeta, RunFolder
    from aetui.runs.liveness import writes
    from aetui.runs.meta_repair import rebuild_meta
    from aetui.runs.report import read_history
    from aetui.runs.states import LIVE
    from aetui.training.ownership import owned

    for path in (expanded(options.which), options.runs / options.which):
        folder = RunFolder(path)
        try:
            if os.path.isfile(folder.config):  # noqa: PTH113 - False for a name that is too long
                folder.read_meta()
        except DamagedMeta:
            # the lock may be gone, or another machine's alone; a log without an end may be of a run at work
            if writes(folder) and (not folder.lock.exists() or read_history(folder)[0].state in LIVE):
                raise UsageError(
                    f"The log of {folder.name} was written just now",
                    "something may train it: try again in two minutes",
                ) from None
            with owned(folder):
                try:
                    folder.read_meta()  # another process may have mended it meanwhile
                except DamagedMeta:
                    print(rebuild_meta(folder, options.data or default_data_dir()), file=sys.stderr)
            return


def _changed_preset(folder: "RunFolder", options: argparse.Namespace) -> "Preset":
    """The run's preset after `--set`; refuses changes that would make it another run."""
    from aetui.config.kept import CHANGEABLE
    from aetui.config.notes import without
    from aetui.errors import UsageError

    if options.seed is not None:
        raise UsageError(
            "A run keeps its seed",
            f"start another with `aetui train {for_shell(folder.config)} --seed N`",
        )
    before, after = folder.read_preset(), folder.read_preset(preset_changes(options))
    kept = {key: getattr(before.train, key) for key in CHANGEABLE}
    if after.model_copy(update={"train": after.train.model_copy(update=kept)}) != before:
        names = ", ".join(f"train.{key}" for key in CHANGEABLE)
        raise UsageError(
            f"Only {names} can change when a run goes on", "start another run with `aetui train`"
        )
    return after.model_copy(update={"steer": without(before.steer, preset_changes(options))})


def _warn_of_bend(preset: "Preset", planned: int) -> None:
    """Say on stderr that another number of epochs changes the learning rate's curve, where it does."""
    from aetui.config.steering import steered
    from aetui.text import plural

    train = steered(preset).train
    if train.schedule != "constant" and train.epochs != planned:
        curve = f"the learning rate's {train.schedule} curve"
        print(
            f"{curve} ran over {plural(planned, 'epoch')}, from here on over {train.epochs}", file=sys.stderr
        )


def _amend(folder: "RunFolder", options: argparse.Namespace) -> None:
    """Write what is different from now on into the folder of a run that this process owns."""
    from aetui.cli.torchrun import note_launch
    from aetui.config.shipped import description, preset_text
    from aetui.config.steering import steered
    from aetui.data.catalogue import SETS
    from aetui.data.finding import is_local
    from aetui.files import write_whole

    preset = _changed_preset(folder, options)  # another process may have had the run until now
    changes: dict[str, object] = {"epochs_planned": steered(preset).train.epochs}
    if options.device is not None:
        changes["device"] = options.device
    if options.threads is not None:
        changes["threads"] = options.threads
    source = SETS.get(preset.data.name)
    if options.data is not None and not (source and not is_local(source, options.data)):
        changes["data_dir"] = str(options.data.absolute())  # before the data is there, it may be a slip
    if preset != folder.read_preset():  # an older program may not know every key that is written now
        write_whole(folder.config, preset_text(preset, description(folder.config, linked=False)).encode())
    folder.change_meta(**changes)
    note_launch(folder)
