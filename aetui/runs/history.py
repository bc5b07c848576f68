"""A run's story so far, folded from its events: what every screen and `aetui show` tell."""

import math
from collections import OrderedDict, deque
from dataclasses import dataclass, field, replace
from typing import Any

from aetui.devices.machine import MachineSampled
from aetui.runs import states
from aetui.runs.events import (
    ActivityChanged,
    BaselineMeasured,
    BestTested,
    BranchedOff,
    CheckpointSaved,
    Detection,
    EpochFinished,
    Event,
    FloorMeasured,
    PreviewSaved,
    ProbeMeasured,
    RunStarted,
    SettingChanged,
    StateChanged,
    StepsTrained,
    TestedOn,
    Twin,
    Warned,
)
from aetui.runs.ranks import RanksSampled
from aetui.text import format_bytes, format_count, format_duration, format_number

MOST_POINTS = 4000
"""Points of the train curve kept; beyond, every second one is dropped."""
MOST_NOTES = 500
MOST_EPOCHS = 100_000
"""As a preset may have; of pictures and probes as many are kept."""
MOST_BASELINES = 10
RECENT_SECONDS = 4.0
NEWEST: dict[type, str] = {
    MachineSampled: "machine",
    RanksSampled: "ranks",
    FloorMeasured: "floor",
    BestTested: "best_tested",
    BranchedOff: "branched",
}
"""Events of which the newest is kept, under this name."""
UNTOLD = (StepsTrained, MachineSampled, RanksSampled, ActivityChanged, PreviewSaved)
"""Events that only move a number."""


@dataclass(frozen=True)
class Note:
    """A line of the log pane; `time` in seconds since 1970."""

    number: int
    """Counted from 1 through the run."""
    time: float
    text: str


@dataclass
class History:
    """The state that events add up to. `apply` is the only way to change it."""

    started: RunStarted | None = None
    state: str = states.STARTING
    reason: str = ""
    twin: Twin | None = None
    """The generated set that can stand in for data that could not be had."""
    removable: dict[str, int] = field(default_factory=dict)
    """Checkpoints that could make room on a full disk, and their sizes in bytes."""
    activity: str = ""
    latest: StepsTrained | None = None
    epochs: OrderedDict[int, EpochFinished] = field(default_factory=OrderedDict)
    steps: list[StepsTrained] = field(default_factory=list)
    checkpoints: list[CheckpointSaved] = field(default_factory=list)
    floor: FloorMeasured | None = None
    """What is reached without learning, where a masked model learns."""
    baselines: dict[str, float] = field(default_factory=dict)
    """Test losses of what has learned nothing, or is linear, by name, for an autoencoder."""
    changed: dict[tuple[int, str], SettingChanged] = field(default_factory=dict)
    """Settings that became others while it trained, by step and key."""
    branched: BranchedOff | None = None
    """Where it left another run, if it did."""
    resumed: list[int] = field(default_factory=list)
    """Steps at which it was taken up again."""
    best_tested: BestTested | None = None
    """What the best epoch's weights are worth on test images that chose nothing."""
    machine: MachineSampled | None = None
    ranks: RanksSampled | None = None
    """The processes that train it together, where there are several."""
    last_time: float = 0.0
    """When the newest event was written, in seconds since 1970."""
    _told: deque[tuple[int, float, Event]] = field(default_factory=lambda: deque(maxlen=MOST_NOTES))
    """Numbers, times and events of the log pane's lines, which are only written out when they are shown."""
    _previews: OrderedDict[str, PreviewSaved] = field(default_factory=OrderedDict)
    _probes: OrderedDict[int, ProbeMeasured] = field(default_factory=OrderedDict)

    @property
    def to_beat(self) -> tuple[str, float] | None:
        """The lowest of the baselines: its name and its loss."""
        known = [(name, loss) for name, loss in self.baselines.items() if math.isfinite(loss)]
        return min(known, key=lambda one: one[1], default=None)

    @property
    def previews(self) -> tuple[PreviewSaved, ...]:
        """Files of pictures, oldest first."""
        return tuple(self._previews.values())

    @property
    def probes(self) -> tuple[ProbeMeasured, ...]:
        """One a step, oldest first."""
        return tuple(self._probes.values())

    def notes_after(self, number: int = 0) -> list[Note]:
        """The newest lines of the log pane, as far as they come after the one of this number."""
        return [Note(n, time, describe(event)) for n, time, event in self._told if n > number]

    def apply(self, event: Event, time: float) -> None:
        """Take in the next event, written at `time`."""
        self.last_time = time
        match event:
            case StepsTrained():
                self.latest = event
                self._add_steps(event)
            case ActivityChanged():
                self.activity = event.activity
            case EpochFinished():
                self.epochs[event.epoch] = event
                _forget_oldest(self.epochs)
            case CheckpointSaved():
                self.checkpoints.append(event)
                del self.checkpoints[:-MOST_NOTES]
            case StateChanged():
                self.state, self.reason, self.twin = event.state, event.reason, event.twin
                self.removable = event.removable or {}
            case RunStarted():
                self._start(event)
            case PreviewSaved():
                self._previews.pop(event.file, None)
                self._previews[event.file] = event
                _forget_oldest(self._previews)
            case SettingChanged():
                self._change(event)
            case BaselineMeasured() if len(self.baselines) < MOST_BASELINES:
                self.baselines[event.name] = event.loss
            case ProbeMeasured():
                self._probes.pop(event.step, None)
                self._probes[event.step] = event
                _forget_oldest(self._probes)
            case _ if name := NEWEST.get(type(event)):
                setattr(self, name, event)
        if not isinstance(event, UNTOLD):
            if isinstance(event, StateChanged):
                event = replace(event, removable=None)  # no line tells it, and it may be long
            number = self._told[-1][0] + 1 if self._told else 1
            self._told.append((number, time, event))

    def _start(self, event: RunStarted) -> None:
        """A start, or a resume: what was logged beyond its step never was."""
        self.started = event
        for told in (self.steps, self.checkpoints):
            while told and told[-1].step > event.step:
                told.pop()
        _forget_beyond(self.epochs, event.step)
        _forget_beyond(self._previews, event.step)
        _forget_beyond(self._probes, event.step)
        self.changed = {at: one for at, one in self.changed.items() if one.step <= event.step}
        self.resumed = [step for step in self.resumed if step < event.step][-MOST_NOTES:]
        if event.resumed_from is not None:
            self.resumed.append(event.step)
        self.latest = self.steps[-1] if self.steps else None
        self.best_tested = None

    def _change(self, event: SettingChanged) -> None:
        self.changed[event.step, event.key] = event
        if len(self.changed) > MOST_NOTES:
            del self.changed[next(iter(self.changed))]
        if event.key == "train.epochs" and self.started and event.value.isdecimal():
            self.started = replace(self.started, epochs=min(int(event.value[:9]), MOST_EPOCHS))

    def _add_steps(self, event: StepsTrained) -> None:
        self.steps.append(event)
        if len(self.steps) > MOST_POINTS:
            del self.steps[1::2]

    @property
    def best(self) -> EpochFinished | None:
        """The epoch with the lowest score, the first of several."""
        tested = [e for e in self.epochs.values() if e.epoch > 0 and math.isfinite(e.score)]
        return min(tested, key=lambda epoch: epoch.score, default=None)

    @property
    def tested_on(self) -> TestedOn:
        """Which images are tested after every epoch."""
        return self.newest.tested_on if self.newest else "test"

    @property
    def newest(self) -> EpochFinished | None:
        """The last finished epoch."""
        return self.epochs[max(self.epochs)] if self.epochs else None

    @property
    def progress(self) -> float:
        """Steps done as a share of all, 0 to 1."""
        if self.started is None:
            return 0.0
        done = max(self.latest.step if self.latest else 0, self.newest.step if self.newest else 0)
        planned = self.started.steps_per_epoch * self.started.epochs
        return min(1.0, done / planned) if planned else float(self.newest is not None)

    @property
    def images_per_second(self) -> float | None:
        """Mean speed over the last seconds of training; None before the first step."""
        recent = [
            steps for steps in self.steps[-12:] if steps.seconds > self.steps[-1].seconds - RECENT_SECONDS
        ]
        seconds = sum(
            steps.images / steps.images_per_second for steps in recent if steps.images_per_second > 0
        )
        return sum(steps.images for steps in recent) / seconds if seconds else None

    @property
    def remaining_seconds(self) -> float | None:
        """Time left for training and tests at the mean speed so far; None before there is one."""
        if self.started is None or self.latest is None or self.newest is None or self.latest.step == 0:
            return None
        steps_left = self.started.steps_per_epoch * self.started.epochs - self.latest.step
        tests_left = self.started.epochs - self.newest.epoch
        return self.latest.seconds / self.latest.step * steps_left + tests_left * self.newest.test_seconds


def _forget_beyond(events: OrderedDict[Any, Any], step: int) -> None:
    while events and next(reversed(events.values())).step > step:
        events.popitem()


def _forget_oldest(events: OrderedDict[Any, Any]) -> None:
    if len(events) > MOST_EPOCHS:
        events.popitem(last=False)  # a dict looks for its first entry among all that were deleted


def describe(event: Event) -> str:
    """The event as a line of the log; empty for those that only move a number."""
    match event:
        case RunStarted(resumed_from=None):
            return f"{event.preset} on {event.device_name}: {format_count(event.parameters)} parameters"
        case RunStarted():
            return f"resumed from {event.resumed_from} at step {event.step}"
        case StateChanged():
            return event.state.replace("_", " ") + (f": {event.reason}" if event.reason else "")
        case EpochFinished():
            tested = f"{event.tested_on} {format_number(event.test_loss)}{' (best)' * event.best}"
            if event.epoch == 0:
                return f"before training: {tested}{_accuracy(event)}{_area(event.detection)}"
            return (
                f"epoch {event.epoch}: train {format_number(event.train_loss)}, {tested}{_accuracy(event)}"
                f"{_area(event.detection)}, {format_duration(event.seconds)}"
            )
        case BestTested():
            return (
                f"the best, of epoch {event.epoch}, on {format_count(event.images)} test images: "
                f"{format_number(event.loss)}{_share(event.accuracy)}{_area(event.detection)}"
            )
        case CheckpointSaved():
            return f"saved {event.file} ({format_bytes(event.size_bytes)})"
        case FloorMeasured():
            return f"the floor, hidden patches filled in without learning: {format_number(event.loss)}"
        case BranchedOff():
            return f"a branch of {event.run} after epoch {event.epoch}, step {event.step}"
        case SettingChanged():
            return f"{event.key} {event.value or '–'} from step {event.step} on, {event.before or '–'} before"
        case BaselineMeasured():
            return f"{event.name}, to be compared with: {format_number(event.loss)}"
        case ProbeMeasured():
            return (
                f"probe: linear {event.linear_accuracy:.1%}, kNN {event.knn_accuracy:.1%}, "
                f"{format_duration(event.seconds)}"
            )
        case Warned():
            return f"warning: {event.message}"
    return ""


def _accuracy(event: EpochFinished) -> str:
    return "" if event.test_accuracy is None else f", {event.tested_on} accuracy {event.test_accuracy:.1%}"


def _share(accuracy: float | None) -> str:
    return "" if accuracy is None else f", accuracy {accuracy:.1%}"


def _area(detection: Detection | None) -> str:
    return "" if detection is None else f", ROC-AUC {detection.area:.3f}"
