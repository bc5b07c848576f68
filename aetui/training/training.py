"""Everything a run trains with, made from its folder: fresh, or as a checkpoint left it."""

import contextlib
import math
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from aetui.config.kept import differences, kept_settings
from aetui.config.preset import Preset
from aetui.data.abnormal import is_among
from aetui.data.finding import data_dir_to_load
from aetui.data.images import DataSet, ImageSet
from aetui.data.load import to_device_if_fits
from aetui.data.validation import evenly_spaced
from aetui.devices.available import Device, available_devices, choose_device
from aetui.errors import AetuiError
from aetui.runs.checkpoint_index import Entry
from aetui.runs.events import Emit, EpochFinished, RunStarted, TestedOn, Warned
from aetui.runs.folder import RunFolder
from aetui.runs.report import read_history
from aetui.training.checkpoint_file import Checkpoint, Progress, RandomStates
from aetui.training.checkpoints import CheckpointStore
from aetui.training.control import Control
from aetui.training.data import load_data
from aetui.training.model_kinds import NORM_PIX_LOSS, Model, loss_name, make_model, make_objective
from aetui.training.objective import Objective
from aetui.training.optimizer import check_smallest_part, checked_state, make_optimizer
from aetui.training.torch_settings import configure_torch, make_deterministic, numeric_settings

MOST_UNCROPPED = 1000
MOST_SAID = 300
"""Characters of what PyTorch says about a checkpoint that does not fit."""


@dataclass
class Training:
    """A run in memory: its data on the device, model, optimizer, progress and checkpoints."""

    preset: Preset
    folder: RunFolder
    device: torch.device
    train: ImageSet
    test: ImageSet
    """What every epoch is tested on, and the best chosen by: the validation images where there are any."""
    last_test: ImageSet | None
    """The test images, where they are looked at once, at the end."""
    uncropped: ImageSet | None
    """Some of the training images, where training sees crops of them, which are easier."""
    model: Model
    averaged: AveragedModel | None
    """The running mean of the model's weights, where the preset wants one."""
    optimizer: torch.optim.Optimizer
    objective: Objective
    checkpoints: CheckpointStore
    progress: Progress
    classes: tuple[str, ...]
    abnormal: tuple[int, ...]
    """Classes that only the test images have, and that their errors should tell apart."""
    gpu_uuid: str | None
    settings: dict[str, str]
    """What the run keeps from its first step to its last."""
    made_on: dict[str, str]
    """What a resumed run must agree on to equal a straight one bit for bit."""
    places: torch.Tensor | None = None
    """The rank of every test image by its error at the newest test; a resumed run knows none."""
    places_before: torch.Tensor | None = None
    """The same at the test before."""

    @property
    def judged(self) -> Model:
        """The model that is tested, shown and kept: the running mean where there is one."""
        return cast(Model, self.averaged.module) if self.averaged else self.model

    @property
    def spins(self) -> bool:
        """Whether several CPU threads compute, which wait for each other in busy loops."""
        return self.device.type == "cpu" and torch.get_num_threads() > 1

    @property
    def steps_per_epoch(self) -> int:
        return -(-len(self.train) // self.preset.train.batch_size)

    def abnormal_among(self, images: ImageSet) -> torch.Tensor | None:
        """Which of the images (N,) are of abnormal classes; None where none is."""
        found = is_among(images.labels, self.abnormal)
        return found if found.any() else None

    def save(self, epoch: EpochFinished | None) -> Entry:
        """Write a checkpoint of this moment, which may be the end of an epoch. Raises OSError."""
        checkpoint = Checkpoint(
            model=self.judged.state_dict(),
            trained=self.model.state_dict() if self.averaged else None,
            optimizer=self.optimizer.state_dict(),
            random=_random_states(self.device),
            progress=self.progress,
            made_on=self.made_on,
            settings=self.settings,
            test_loss=epoch.test_loss if epoch else None,
            score=epoch.score if epoch else None,
        )
        return self.checkpoints.save(checkpoint)

    @property
    def tested_on(self) -> TestedOn:
        return "test" if self.last_test is None else "validation"

    @property
    def is_flat(self) -> bool:
        """Whether the best epoch is longer ago than the preset has patience."""
        patience, best = self.preset.train.patience, self.checkpoints.best
        return bool(patience) and self.progress.epoch - (best.epoch if best else 0) >= patience

    def best(self) -> tuple[Entry, Model] | None:
        """The best checkpoint and a model of its own with its weights; None where it cannot be read."""
        entry = self.checkpoints.best
        if entry is None:
            return None
        with torch.random.fork_rng(
            [self.device] if self.device.type == "cuda" else []
        ):  # it draws first weights
            model = make_model(self.preset, len(self.classes), begun=True).to(self.device)
        try:
            restore_weights(model, self.checkpoints.load(entry).model, self.folder)
        except (ValueError, AetuiError):
            return None
        return entry, model

    def first(self) -> tuple[Entry, Model] | None:
        """The same of a run that trains no epoch."""
        newest = self.checkpoints.newest
        return (newest, self.judged) if newest else None

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back to the moment of a checkpoint; every step takes its learning rate from the preset.

        Raises AetuiError for a checkpoint of another model, or made by other settings.
        """
        if changed := differences(checkpoint.settings, self.settings):
            raise AetuiError(
                f"{self.folder.called} cannot go on with what it was not begun with: {', '.join(changed)}",
                "put that back; another run starts with `aetui train`",
            )
        restore_weights(self.model, checkpoint.trained or checkpoint.model, self.folder)
        if self.averaged:
            restore_weights(self.judged, checkpoint.model, self.folder)
            self.averaged.n_averaged.fill_(checkpoint.progress.step)
        with _refused_where_it_does_not_fit(self.folder):
            self.optimizer.load_state_dict(checked_state(self.optimizer, checkpoint.optimizer))
        self.progress = checkpoint.progress
        try:
            torch.set_rng_state(checkpoint.random.cpu)
            if checkpoint.random.cuda and self.device.type == "cuda":
                torch.cuda.set_rng_state(checkpoint.random.cuda[0], self.device)
        except (RuntimeError, TypeError) as error:
            raise AetuiError(f"The checkpoint's random state is damaged: {error}") from None


def restore_weights(model: torch.nn.Module, state: dict[str, Any], folder: RunFolder) -> None:
    """Put the state of a checkpoint into a model. Raises AetuiError where it does not fit."""
    with _refused_where_it_does_not_fit(folder):
        model.load_state_dict(state)


@contextlib.contextmanager
def _refused_where_it_does_not_fit(folder: RunFolder) -> Iterator[None]:
    try:
        yield
    except (RuntimeError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        difference = (str(error).splitlines() or [""])[-1].strip()[:MOST_SAID]
        raise AetuiError(f"The checkpoint is not of the model in {folder.config}: {difference}") from None


def prepare(folder: RunFolder, preset: Preset, data_dir: Path, control: Control, emit: Emit) -> Training:
    """Choose the device, load the data, build the model and go to the newest good checkpoint.

    Data is fetched into `data_dir` where it does not lie where the run had it.
    Raises AetuiError for a missing device, data or checkpoint that cannot be had.
    """
    meta = folder.read_meta()
    chosen = choose_device(meta.device)
    _warn_of_unused(meta.device, emit)
    device = torch.device(chosen.name)
    configure_torch(device, meta.threads)
    bf16 = _use_bf16(preset, chosen, emit)
    data_dir = data_dir_to_load(preset.data.name, Path(meta.data_dir), data_dir)
    data = load_data(preset, data_dir, control, emit)
    checkpoints = _open_checkpoints(folder, preset, emit)
    model = make_model(preset, len(data.classes), begun=checkpoints.newest is not None).to(device)
    check_smallest_part(model, len(data.train), preset.train)
    make_deterministic(model, device, emit)
    averaged = _running_mean(model, preset.train.ema) if preset.train.ema else None
    if preset.train.compile:
        model.compile(dynamic=False)  # a graph for each shape, whichever came first: a resume has the same
    layer_decay = preset.finetune.layer_decay if preset.finetune else 1.0
    training = Training(
        preset=preset,
        folder=folder,
        device=device,
        train=to_device_if_fits(data.train, device),
        test=to_device_if_fits(data.validation or data.test, device),
        last_test=data.test if data.validation else None,
        uncropped=evenly_spaced(data.train, MOST_UNCROPPED) if preset.augment.crop_scale < 1 else None,
        model=model,
        averaged=averaged,
        optimizer=make_optimizer(model, preset.train, layer_decay),
        objective=make_objective(preset, device, bf16, len(data.classes)),
        checkpoints=checkpoints,
        progress=Progress(),
        classes=data.classes,
        abnormal=data.abnormal,
        gpu_uuid=chosen.uuid,
        settings=kept_settings(preset)
        | {"training images": data.train.fingerprint, "test images": data.test.fingerprint},
        made_on={"torch": str(torch.__version__), "device": chosen.title} | numeric_settings(device, bf16),
    )
    resumed = _resume(training, emit)
    folder.change_meta(versions=_versions(chosen), computed=_computed(preset, device, bf16))
    emit(_started(training, chosen, data, resumed))
    return training


def _running_mean(model: Model, decay: float) -> AveragedModel:
    """Of the weights; buffers, such as batch norm's own running means, are the model's."""
    return AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay))  # type: ignore[no-untyped-call]


def _resume(training: Training, emit: Emit) -> Entry | None:
    checkpoint, entry, refused = training.checkpoints.load_newest()
    if checkpoint is None:
        if refused:
            why = "; ".join(f"{lost.entry.file} is {lost.reason}" for lost in refused)
            raise AetuiError("None of the checkpoints can be used", why)
        if training.folder.read_meta().imported:
            raise AetuiError(
                f"The weights that {training.folder.called} was made of are not in it",
                "import them again, and delete this run",
            )
        if told := read_history(training.folder)[0].checkpoints:
            raise AetuiError(
                f"The checkpoints of {training.folder.called} are gone: its log tells of {told[-1].file}",
                f"put them back into {training.folder.checkpoints}; another run starts with `aetui train`",
            )
        return None
    if math.isnan(checkpoint.progress.best_score):
        checkpoint.progress.best_score = _best_score_before(training, checkpoint.progress.step)
    training.restore(checkpoint)
    for lost, reason in refused:
        kept = training.checkpoints.set_aside(lost)
        emit(Warned(f"{lost.file} is {reason}; an older one is used{kept}"))
    if changed := differences(checkpoint.made_on, training.made_on):
        emit(Warned(f"resumed, but not bit for bit as a straight run: {', '.join(changed)}"))
    return entry


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
    _score_older(checkpoints, folder, preset)
    return checkpoints


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
        device_name=chosen.title,
        parameters=sum(parameter.numel() for parameter in training.model.parameters()),
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


def _computed(preset: Preset, device: torch.device, bf16: bool) -> dict[str, str | int | float | bool]:
    settings = preset.train
    return {
        **numeric_settings(device, bf16),
        "accumulate": settings.accumulate,
        "clip_norm": settings.clip_norm,
        "compile": settings.compile,
    }


def _random_states(device: torch.device) -> RandomStates:
    cuda = [torch.cuda.get_rng_state(device)] if device.type == "cuda" else []
    return RandomStates(cpu=torch.get_rng_state(), cuda=cuda)


def _versions(chosen: Device) -> dict[str, str]:
    found = {name: version(name) for name in ("torch", "torchvision")}
    return found | {"system": platform.platform(), "device": chosen.title, "cuda": str(torch.version.cuda)}
