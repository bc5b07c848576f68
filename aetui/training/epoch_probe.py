"""The probe while a run trains: after which epochs, and what it found as an event."""

from collections.abc import Callable

from aetui.errors import AetuiError
from aetui.runs.events import ActivityChanged, Emit, ProbeMeasured, Warned
from aetui.runs.report import read_history
from aetui.training.control import Control
from aetui.training.probe import probe
from aetui.training.training import Training

PROBED_IMAGES = 10_000
"""Train images that a probe during training learns from; `aetui probe` takes more."""


def probe_is_due(training: Training) -> bool:
    """Where there is nothing to tell apart, only before the first epoch, to have it said once."""
    every, epoch = training.preset.probe.every, training.progress.epoch
    return every > 0 and epoch % every == 0 and (len(training.classes) > 1 or epoch == 0)


def is_probed(training: Training) -> bool:
    """Whether this moment's probe was measured before the run was left; it comes behind the checkpoint."""
    try:
        history, _ = read_history(training.folder)
    except AetuiError:  # a log that cannot be read tells of none
        return False
    return any(probe.step == training.progress.step for probe in history.probes)


def measure_probe(training: Training, control: Control, emit: Emit, between: Callable[[], None]) -> None:
    """Measure what the encoder's frozen features are worth; `between` is called often and may raise."""
    progress = training.progress
    if len(training.classes) < 2 or training.abnormal:
        control.take("probe")
        why = "abnormal ones are not learned" if training.abnormal else "the images are all of one class"
        emit(Warned(f"there is nothing to probe: {why}"))
        return
    emit(ActivityChanged("probing the features"))
    training.put_together()
    found = probe(
        training.judged,
        training.train,
        training.test,
        len(training.classes),
        training.device,
        between,
        PROBED_IMAGES,
        training.team,
    )
    emit(
        ProbeMeasured(
            progress.epoch,
            progress.step,
            found.linear_accuracy,
            found.knn_accuracy,
            found.seconds,
            progress.total_seconds,
        )
    )
    control.take("probe")
    emit(ActivityChanged(""))
