"""The vocabulary of a run: what happened, as frozen plain data with units, in the order of its steps.

A loss is what training makes smaller, averaged over images: the mean squared error per pixel of images in
[0, 1] unless `train.loss` says otherwise; where patches are hidden from the model, per hidden pixel; under
norm_pix, of normalised patches. A classifier's is the cross-entropy.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field

from aetui.devices.machine import MachineSampled
from aetui.runs.fields import Count, Epoch, FileName, Positive, Seconds, Words
from aetui.runs.ranks import RanksSampled

TestedOn = Literal["test", "validation"]
"""Which images are tested after every epoch, and choose the best one."""
Twin = Literal["digits", "shapes"]
"""A generated data set that can stand in for another."""


def _known_twin(name: object) -> object:
    return name if name in get_args(Twin) else None


MOST_REMOVABLE = 2000
"""More than `train.keep_checkpoints` can be."""
SampleChoice = Literal["fixed", "worst", "best"]
"""Which test images: the first ones, those with the largest errors, those with the smallest."""


@dataclass(frozen=True, slots=True)
class RunStarted:
    """Training is about to take its first step, or its first after a resume."""

    run: Words
    preset: Words
    device: Words
    device_name: Words
    parameters: Count
    epochs: Count
    steps_per_epoch: Positive
    train_images: Count
    test_images: Count
    data: Words
    epoch: Epoch = 0
    """Epochs finished before; what an interrupted run logged beyond `step` is void."""
    step: Count = 0
    resumed_from: FileName | None = None
    """The checkpoint's file name."""
    loss: Words = "MSE per pixel"
    """What train and test losses measure."""
    classes: Count = 0
    """Different labels of the images; 0 in logs that are older than this field."""


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The run went into another of `aetui.runs.states`."""

    state: Words
    reason: Words = ""
    """For people: why, and what to do next."""
    twin: Annotated[Twin | None, BeforeValidator(_known_twin)] = None
    """The generated data set that can stand in, where the run's own data could not be had."""
    removable: Annotated[dict[FileName, Count], Field(max_length=MOST_REMOVABLE)] | None = None
    """Checkpoints that could make room on a full disk, and their sizes in bytes."""


@dataclass(frozen=True, slots=True)
class ActivityChanged:
    """What the run is busy with or waiting for besides its steps, such as a download; empty: nothing."""

    activity: Words


@dataclass(frozen=True, slots=True)
class StepsTrained:
    """Steps since the last such event, merged to a few a second."""

    epoch: Epoch
    """The epoch these steps belong to, counted from 1."""
    step: Count
    """Optimizer steps since the start of the run."""
    train_loss: float
    """Over the images since the last such event."""
    epoch_train_loss: float
    """Over the epoch's images so far."""
    images: Count
    """In these steps."""
    images_per_second: float
    seconds: Seconds
    """Spent training since the start of the run, pauses and tests not counted."""
    learning_rate: float | None = None
    """Of the newest of these steps; None in logs that are older than this field."""


@dataclass(frozen=True, slots=True)
class Detection:
    """How well the tested images' mean squared error tells which of them are of an abnormal class."""

    area: float
    """Under the ROC curve (AUC): 1 tells all apart, 0.5 is guessing."""
    threshold: float
    """The error that parts these images best; it is chosen by them, so others will do worse."""
    found: float
    """The share of the abnormal images above it, 0 to 1."""
    false_alarms: float
    """The share of the others above it, 0 to 1."""


@dataclass(frozen=True, slots=True)
class EpochFinished:
    """An epoch is trained and tested. Epoch 0 is the test before the first step."""

    epoch: Epoch
    step: Count
    train_loss: float | None
    """Over all of the epoch's images, each at the moment it was trained on; None for epoch 0."""
    test_loss: float
    """Over the whole test set, after the epoch; abnormal images are left out."""
    seconds: Seconds
    """The epoch's training alone."""
    images_per_second: float | None
    total_seconds: Seconds
    """Spent training since the start of the run."""
    test_seconds: Seconds
    """The test alone."""
    best: bool
    """Whether this is the lowest score so far."""
    train_pixels: float | None = None
    """As `train_loss`, but the mean squared error in pixels, where the loss measures something else."""
    test_pixels: float | None = None
    test_similarity: float | None = None
    """Mean structural similarity (SSIM) of the test images and what the model makes of them, at most 1."""
    test_accuracy: float | None = None
    """The part of the test images whose class was found, 0 to 1, where a classifier learns."""
    tested_on: TestedOn = "test"
    """Which images `test_loss` and its like are of."""
    uncropped_train_loss: float | None = None
    """Of some training images as the test sees them, where training sees crops of them, which are easier."""
    detection: Detection | None = None
    """Where some test images are abnormal."""

    @property
    def score(self) -> float:
        """By which the best epoch is chosen, the lowest: a classifier's error rate, otherwise the loss."""
        return self.test_loss if self.test_accuracy is None else 1 - self.test_accuracy


@dataclass(frozen=True, slots=True)
class BestTested:
    """At the end of a run with validation images: the best epoch's weights on the test images."""

    epoch: Epoch
    step: Count
    """After which the weights were so."""
    loss: float
    pixels: float | None
    """As `EpochFinished.test_pixels`."""
    accuracy: float | None
    images: Count
    similarity: float | None = None
    """As `EpochFinished.test_similarity`."""
    detection: Detection | None = None


@dataclass(frozen=True, slots=True)
class CheckpointSaved:
    """A checkpoint is on disk, whole and verified."""

    epoch: Epoch
    step: Count
    file: FileName
    sha256: Words
    size_bytes: Count
    best: bool


@dataclass(frozen=True, slots=True)
class PreviewSaved:
    """Pictures of test images are on disk, after an epoch's test or on demand within an epoch."""

    epoch: Epoch
    """Epochs finished."""
    file: FileName
    step: Count = 0
    samples: SampleChoice = "fixed"


@dataclass(frozen=True, slots=True)
class FloorMeasured:
    """The test loss that is reached without any learning.

    It is that of filling hidden pixels in from visible neighbours. Under norm_pix the filled patches are
    normalised as the model's targets are, or 0 is predicted, whichever is better.
    """

    loss: float
    pixels: float | None = None
    """The error in pixels of filling them in, where the loss measures something else."""
    perfect_pixels: float | None = None
    """The error in pixels of a model whose loss is 0: mean and deviation of its patches are not its own."""


@dataclass(frozen=True, slots=True)
class BaselineMeasured:
    """The test loss of a guess that has learned nothing, or of a linear map, for an autoencoder."""

    name: Words
    loss: float


@dataclass(frozen=True, slots=True)
class ProbeMeasured:
    """How well frozen features of the encoder tell the classes of the test images apart."""

    epoch: Epoch
    """Epochs finished."""
    step: Count
    linear_accuracy: float
    """Of a linear classifier learned on the train images, 0 to 1."""
    knn_accuracy: float
    """Of the 20 nearest neighbours among the train images, 0 to 1."""
    seconds: Seconds
    """The measurement alone."""
    total_seconds: Seconds = 0.0
    """Spent training since the start of the run."""


@dataclass(frozen=True, slots=True)
class BranchedOff:
    """What came before is another run's story, and from here on it is this one's."""

    run: Words
    """The other."""
    epoch: Epoch
    """Epochs finished."""
    step: Count


@dataclass(frozen=True, slots=True)
class SettingChanged:
    """A setting is another from a step on, since somebody told the run so."""

    step: Count
    key: Words
    value: Words
    before: Words


@dataclass(frozen=True, slots=True)
class Warned:
    """Something a person should know; training goes on."""

    message: Words


Event = (
    RunStarted
    | StateChanged
    | ActivityChanged
    | StepsTrained
    | EpochFinished
    | BestTested
    | CheckpointSaved
    | PreviewSaved
    | FloorMeasured
    | BaselineMeasured
    | ProbeMeasured
    | MachineSampled
    | RanksSampled
    | SettingChanged
    | BranchedOff
    | Warned
)

Emit = Callable[[Event], None]
"""Where those who train send what happened."""
