"""A run's folder becomes what it trains with: fresh, or as its newest good checkpoint left it."""

import contextlib
import math
import platform
from importlib.metadata import version
from pathlib import Path

import torch

from aetui.config.branching import is_free
from aetui.config.counting import parameter_count
from aetui.config.kept import differences, kept_settings
from aetui.config.notes import in_order
from aetui.config.preset import Preset
from aetui.config.steering import check_notes, steered
from aetui.data.catalogue import SETS
from aetui.data.finding import data_dir_to_load
from aetui.data.images import DataSet
from aetui.devices.available import Device, available_devices
from aetui.errors import AetuiError
from aetui.runs.checkpoint_index import Entry
from aetui.runs.events import ActivityChanged, Emit, RunStarted, Warned
from aetui.runs.folder import RunFolder
from aetui.runs.report import read_history
from aetui.text import format_bytes, format_count, plural
from aetui.training.assembling import assembled, image_sums, is_laid_out
from aetui.training.capture_choice import settle_capture
from aetui.training.checkpoints import CheckpointStore
from aetui.training.control import Control
from aetui.training.data import load_data
from aetui.training.model_kinds import NORM_PIX_LOSS, loss_name
from aetui.training.optimizer import check_smallest_part
from aetui.training.ranks.enlisting import check_batches, device_of_rank, enlist, threads_of_rank
from aetui.training.ranks.team import Team, is_shared_out
from aetui.training.repeatability import check_repeatable
from aetui.training.steering import take_past_changes, tell_changed
from aetui.training.thread_choice import settle_threads
from aetui.training.torch_settings import (
    compile_parts,
    configure_torch,
    numbers_of_a_pixel_together,
    numeric_settings,
    settle_algorithms,
)
from aetui.training.training import TOLD, Training

CHANNELS_LAST = {"layout": "channels_last"}
"""Of a checkpoint's `made_on`; what lacks it was computed in PyTorch's usual layout."""
BY_ONE = {"processes": "1", "shard": "off"}
"""Of the same; what lacks it was computed by one process."""
BYTES_A_WEIGHT = 4
"""Of a checkpoint; what else it holds comes to it."""


def prepare(
    folder: RunFolder,
    preset: Preset,
    data_dir: Path,
    control: Control,
    emit: Emit,
    team: Team | None = None,
) -> Training:
    """Choose the device, load the data, build the model and go to the newest good checkpoint.

    Data is fetched into `data_dir` where it does not lie where the run had it. The other ranks do the same.
    Raises AetuiError for a missing device, data or checkpoint that cannot be had.
    """
    team = team or Team()
    steered(preset)  # what cannot be is said before anything is loaded
    check_batches(preset.train, team)
    meta = folder.read_meta()
    chosen = device_of_rank(meta.device, team)
    _warn_of_unused(meta.device, emit)
    team.device, device = chosen, torch.device(chosen.name)
    most_threads = configure_torch(device, threads_of_rank(meta.threads, team))
    bf16 = _use_bf16(preset, chosen, emit)
    data, data_dir = _load(folder, preset, data_dir, control, emit)
    checkpoints = _open_checkpoints(folder, preset, emit)
    parts = assembled(preset, data, device, team, begun=checkpoints.newest is not None, bf16=bf16)
    if preset.train.shard and team.is_alone:
        emit(Warned("train.shard shares nothing out: one process trains"))
    check_smallest_part(parts["model"], len(data.train), preset.train)
    settle_algorithms(device, emit, repeatable=preset.train.repeatable)
    training = Training(
        **parts,
        folder=folder,
        checkpoints=checkpoints,
        gpu_uuid=chosen.uuid,
        settings=_kept(preset, data),
        made_on=_made_on(chosen, bf16, preset, team),
        to_come=in_order(preset.steer),
        most_threads=most_threads,
    )
    if preset.train.compile:
        compile_parts(training.model)  # not the running mean, which was copied before
    _begin(training, chosen, data, data_dir, emit, threads_told=meta.threads is not None)
    return training


def _load(
    folder: RunFolder, preset: Preset, data_dir: Path, control: Control, emit: Emit
) -> tuple[DataSet, Path]:
    """The data and where it lies: where the run had it or else in `data_dir`, which is noted then."""
    noted = Path(folder.read_meta().data_dir)
    found = data_dir_to_load(preset.data.name, noted, data_dir)
    data = load_data(preset, found, control, emit)
    if preset.data.name in SETS and found != noted:
        folder.change_meta(data_dir=str(found.absolute()))
    return data, found


def _begin(
    training: Training, chosen: Device, data: DataSet, data_dir: Path, emit: Emit, *, threads_told: bool
) -> None:
    """Go to the newest good checkpoint, settle the threads of a new run, note how it computes and say so."""
    resumed, told = _resume(training, emit)
    take_past_changes(training)
    check_notes(training.preset, training.to_come)
    check_repeatable(training, emit)
    if training.team.is_alone:
        if training.device.type == "cpu" and not threads_told and not training.progress.step:
            settle_threads(training, emit)
        settle_capture(training, emit)
    else:
        emit(ActivityChanged(f"{training.team.size} processes begin"))
        enlist(training, image_sums(data), data_dir)
        emit(ActivityChanged(""))
    training.folder.change_meta(versions=_versions(chosen), computed=_computed(training))
    emit(_started(training, chosen, data, resumed))
    tell_changed(training, told, emit)


def _made_on(chosen: Device, bf16: bool, preset: Preset, team: Team) -> dict[str, str]:
    device = torch.device(chosen.name)
    return {
        "torch": str(torch.__version__),
        "device": chosen.title,
        "compile": "on" if preset.train.compile else "off",
        **numeric_settings(device, bf16=bf16, repeatable=preset.train.repeatable),
        **(CHANNELS_LAST if is_laid_out(preset, device) else {}),
        "processes": str(team.size),
        "shard": "on" if is_shared_out(preset.train, team) else "off",
    }


def _kept(preset: Preset, data: DataSet) -> dict[str, str]:
    labelled = preset.model.kind == "classifier" or preset.data.abnormal
    return kept_settings(preset) | image_sums(data) | (_labels(data) if labelled else {})


def _labels(data: DataSet) -> dict[str, str]:
    names = ", ".join(data.classes)
    return {"classes": names, "training labels": data.train.label_sum, "test labels": data.test.label_sum}


def _resume(training: Training, emit: Emit) -> tuple[Entry | None, dict[str, str]]:
    """Go to the newest good checkpoint, and what it had been told; nothing where there is none."""
    checkpoint, entry, refused = training.checkpoints.load_newest()
    if checkpoint is None:
        if refused:
            why = "; ".join(f"{lost.entry.file} is {lost.reason}" for lost in refused)
            raise AetuiError("None of the checkpoints can be used", why)
        if training.folder.read_meta().imported:
            raise AetuiError(
                f"The weights that {training.folder.called} was made of are not in it",
                "import them, or branch off, once more, and delete this run",
            )
        if told := read_history(training.folder)[0].checkpoints:
            raise AetuiError(
                f"The checkpoints of {training.folder.called} are gone: its log tells of {told[-1].file}",
                f"put them back into {training.folder.checkpoints}; another run starts with `aetui train`",
            )
        return None, {}
    branched_step = training.folder.read_meta().branched_step
    if branched_step is not None and checkpoint.progress.step <= branched_step:  # made with other settings
        checkpoint.settings = {key: was for key, was in checkpoint.settings.items() if not is_free(key)}
        checkpoint.told = {}
    if math.isnan(checkpoint.progress.best_score):
        checkpoint.progress.best_score = _best_score_before(training, checkpoint.progress.step)
    if checkpoint.progress.step and not CHANNELS_LAST.items() <= checkpoint.made_on.items():
        _lay_out_as_before(training)
    training.restore(checkpoint)
    for lost, reason in refused:
        kept = training.checkpoints.set_aside(lost)
        emit(Warned(f"{lost.file} is {reason}; an older one is used{kept}"))
    if changed := differences(BY_ONE | checkpoint.made_on, training.made_on):
        emit(Warned(f"resumed, but not bit for bit as a straight run: {', '.join(changed)}"))
    return entry, {key: was for key, was in checkpoint.told.items() if key in TOLD}


def _lay_out_as_before(training: Training) -> None:
    """As older versions did, so that the run stays equal to a straight one."""
    training.made_on = {key: value for key, value in training.made_on.items() if key not in CHANNELS_LAST}
    numbers_of_a_pixel_together(training.model, wanted=False)
    if training.averaged:
        numbers_of_a_pixel_together(training.averaged, wanted=False)


def _best_score_before(training: Training, step: int) -> float:
    """By the log: an older version kept the best test loss instead, which a classifier is not chosen by."""
    if loss_name(training.preset) == NORM_PIX_LOSS:
        return math.inf  # it told the errors in pixels
    epochs = read_history(training.folder)[0].epochs.values()
    return min((epoch.score for epoch in epochs if 0 < epoch.step <= step), default=math.inf)


def _open_checkpoints(folder: RunFolder, preset: Preset, emit: Emit) -> CheckpointStore:
    checkpoints = CheckpointStore(folder.checkpoints, preset.train.keep_checkpoints)
    for note in checkpoints.tidy():
        emit(Warned(note))
    _check_model_fits(checkpoints, folder, preset)
    _score_older(checkpoints, folder, preset)
    return checkpoints


def _check_model_fits(checkpoints: CheckpointStore, folder: RunFolder, preset: Preset) -> None:
    """Raises AetuiError, before memory is taken, for a model that the newest checkpoint cannot hold."""
    newest = checkpoints.newest
    if newest is None or preset.model.kind == "classifier":
        return
    with contextlib.suppress(OSError):  # told of as it is read
        size, count = (folder.checkpoints / newest.file).stat().st_size, parameter_count(preset)
        if size == newest.size_bytes and size < BYTES_A_WEIGHT * count:  # another size is damage
            raise AetuiError(
                f"{folder.called} cannot go on: the model of its config.toml has {format_count(count)} "
                f"parameters, which {newest.file} of {format_bytes(size)} cannot hold",
                "put back what config.toml was; another run starts with `aetui train`",
            )


def _score_older(checkpoints: CheckpointStore, folder: RunFolder, preset: Preset) -> None:
    """Give checkpoints of an older version, which knew no scores, those that their epochs have by the log."""
    if not checkpoints.unscored:
        return
    in_pixels = loss_name(preset) == NORM_PIX_LOSS  # nothing that a loss can be compared with
    epochs = {} if in_pixels else read_history(folder)[0].epochs
    checkpoints.score({epoch.step: epoch.score for epoch in epochs.values() if epoch.epoch > 0})


def _started(training: Training, chosen: Device, data: DataSet, resumed: Entry | None) -> RunStarted:
    return RunStarted(
        run=training.folder.name,
        preset=training.preset.name,
        device=chosen.name,
        device_name=_device_name(chosen, training.team.size),
        parameters=training.parameters,
        epochs=training.preset.train.epochs,
        steps_per_epoch=training.steps_per_epoch,
        train_images=len(training.train),
        test_images=len(training.test),
        data=data.title,
        epoch=training.progress.epoch,
        step=training.progress.step,
        resumed_from=resumed.file if resumed else None,
        loss=loss_name(training.preset),
        classes=len(training.classes),
    )


def _device_name(chosen: Device, processes: int) -> str:
    """On a CPU with its threads, which the speed depends on."""
    if chosen.name != "cpu":
        return chosen.title if processes == 1 else f"{processes} × {chosen.title}"
    threads = plural(torch.get_num_threads(), "thread")
    return f"{chosen.title}, {threads if processes == 1 else f'{processes} processes of {threads}'}"


def _warn_of_unused(wanted: str, emit: Emit) -> None:
    """A GPU that cannot be used must not go unnoticed where the best device is taken."""
    for device in available_devices() if wanted == "auto" else ():
        if device.problem:
            emit(Warned(f"{device.title} is not used: {device.problem}"))


def _use_bf16(preset: Preset, chosen: Device, emit: Emit) -> bool:
    if preset.train.precision == "bf16" and not chosen.bf16:
        emit(Warned(f"{chosen.title} does not compute in bf16; this run uses float32"))
        return False
    return preset.train.precision == "bf16"


def _computed(training: Training) -> dict[str, str | int | float | bool]:
    settings = training.preset.train
    return {
        **{key: value for key, value in training.made_on.items() if key not in ("torch", "device")},
        "accumulate": settings.accumulate,
        "clip_norm": settings.clip_norm,
        "compile": settings.compile,
        "capture": training.graph is not None,
    }


def _versions(chosen: Device) -> dict[str, str]:
    found = {name: version(name) for name in ("torch", "torchvision")}
    return found | {"system": platform.platform(), "device": chosen.title, "cuda": str(torch.version.cuda)}
