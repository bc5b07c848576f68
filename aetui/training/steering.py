"""Settings that change between two steps: noted in config.toml first, so that a resume takes them again."""

from dataclasses import replace

from aetui.config.fields import value_of
from aetui.config.notes import in_order
from aetui.config.preset import Steer
from aetui.config.problems import PresetError
from aetui.config.shipped import description, preset_text
from aetui.config.steering import OF_IMAGES, noted, steer
from aetui.files import write_whole
from aetui.models.masked_autoencoder import MaskedAutoencoder
from aetui.runs.events import Emit, SettingChanged, Warned
from aetui.training.capture_choice import settle_capture
from aetui.training.control import Control
from aetui.training.ranks.orders import Change
from aetui.training.replica import Replica
from aetui.training.training import Training


def note_changes(training: Training, control: Control, emit: Emit) -> None:
    """Let settings be others from the next step on, as requested; what cannot be is said, with the reason."""
    while change := control.take_change():
        _note(training, change, emit)


def _note(training: Training, change: str, emit: Emit) -> None:
    step = training.progress.step
    try:
        config = training.folder.config
        to_come = noted(training.preset.model_copy(update={"steer": training.to_come}), step, change).steer
        steer(training.preset, *(one.change for one in in_order(to_come)))
        preset = noted(training.folder.read_preset(), step, change)  # somebody may have edited it meanwhile
        write_whole(config, preset_text(preset, description(config, linked=False)).encode())
    except PresetError as error:
        emit(Warned(f"not changed: {error.sentence}"))
        return
    except OSError as error:
        emit(Warned(f"not changed: {error.filename or training.folder.config}: {error.strerror}"))
        return
    training.to_come = in_order(to_come)


def take_past_changes(training: Training) -> None:
    """Have, all at once, what is noted for the steps before a checkpoint.

    What is noted for the next step comes right before it is taken.
    """
    past = [one for one in training.to_come if one.step < training.progress.step]
    training.to_come = training.to_come[len(past) :]
    change(training, *(one.change for one in past))


def take_changes(training: Training, emit: Emit) -> None:
    """Have the settings that are noted for this step, and for those before it."""
    while training.to_come and training.to_come[0].step <= training.progress.step:
        _take(training, training.to_come.pop(0), emit)


def _take(training: Training, one: Steer, emit: Emit) -> None:
    key = one.change.partition("=")[0].strip()
    before = value_of(training.preset, key)
    change(training, one.change)
    training.team.order(Change(one.change))
    tell_changed(training, {key: before}, emit, at=one.step)
    if key in OF_IMAGES and training.graph:
        training.graph = None  # its steps were made for the others
        settle_capture(training, emit)


def tell_changed(training: Training, before: dict[str, str], emit: Emit, at: int | None = None) -> None:
    """Say which of these settings are others than they were before, from the step that is next or `at`."""
    step = training.progress.step if at is None else at
    for key, was in before.items():
        value = value_of(training.preset, key)
        if value == was:
            continue
        emit(SettingChanged(step, key, value, was))
        if key in OF_IMAGES:
            emit(Warned(f"test losses from here on are of {key} {value or 0}: another measure"))


def change(replica: Replica, *changes: str) -> None:
    """Have settings from now on, each as `section.key=value`."""
    preset = replica.preset = steer(replica.preset, *changes)
    if preset.noise:
        replica.objective = replace(replica.objective, noise_std=preset.noise.std)
    for model in (replica.model, replica.averaged, replica.whole):
        if preset.mask and isinstance(model, MaskedAutoencoder):
            model.mask_ratio = preset.mask.ratio
