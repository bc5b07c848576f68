"""The figures that answer "is it going well"."""

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget

from aetui.runs import states
from aetui.runs.events import BestTested, Detection, EpochFinished, FloorMeasured, RunStarted, TestedOn
from aetui.runs.history import History
from aetui.runs.quality import compared, peak_signal_to_noise, squared_error
from aetui.text import format_count, format_duration, format_number, safe_text

UNKNOWN = format_number(None)
SHORT: dict[TestedOn, str] = {"test": "test", "validation": "val"}
"""How the images are called where there is little room."""
CLASSIFIER_LOSS = "cross-entropy"
"""What a classifier's `RunStarted.loss` says."""


class NumbersPanel(Widget):
    """Loss now and best, with what the run is made of."""

    BORDER_TITLE = "run"

    history: reactive[History | None] = reactive(None, always_update=True)
    """The run's story so far; set it again to draw anew."""

    def render(self) -> Table | Text:
        history = self.history
        if history is None or history.started is None:
            ended = history is not None and history.state not in states.LIVE
            text = "no figures: the run ended before it started to train"
            return Text(text if ended else "losses and sizes come when training starts", "dim italic")
        started = history.started
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim", no_wrap=True, min_width=len("parameters"))
        grid.add_column(no_wrap=True)
        for name, value in _figures(history, started):
            grid.add_row(name, Text(safe_text(value)))
        return grid


def _figures(history: History, started: RunStarted) -> Iterator[tuple[str, str]]:
    """The same rows from the start; those that may never come follow, and push the last one down.

    A panel of seven lines shows the rows that matter.
    """
    newest = history.newest
    where = SHORT[history.tested_on]
    yield f"{where} loss", f"{format_number(newest.test_loss)}  {_trend(history)}" if newest else UNKNOWN
    yield "train loss", _train_loss(newest)
    if started.loss == CLASSIFIER_LOSS:
        accuracy = newest.test_accuracy if newest else None
        yield "accuracy", UNKNOWN if accuracy is None else f"{accuracy:.1%} on {where} images"
    else:
        yield "quality", _quality(newest, started.loss, history.floor)
    yield "best", _best(history)
    sets = f"{format_count(started.train_images)} + {format_count(started.test_images)} {where}"
    yield "data", f"{started.data}, {sets}"
    if newest is None or newest.epoch == 0:
        yield "an epoch", UNKNOWN
    else:
        yield (
            "an epoch",
            f"{format_duration(newest.seconds)} + {format_duration(newest.test_seconds)} {where}",
        )
    if newest and newest.detection:
        yield "abnormal", _detection(newest.detection)
    if history.best_tested:
        yield "test", _best_tested(history.best_tested)
    if history.probes:
        probe = history.probes[-1]
        accuracies = f"linear {probe.linear_accuracy:.1%}, kNN {probe.knn_accuracy:.1%}"
        yield "probe", f"{accuracies}  epoch {probe.epoch}"
    yield "parameters", format_count(started.parameters)


def _best(history: History) -> str:
    """The loss of the best epoch, and what it has to be below where a masked model learns."""
    best, floor = history.best, history.floor
    text = (
        f"{format_number(best.test_loss)}  epoch {best.epoch} on {SHORT[best.tested_on]}" if best else UNKNOWN
    )
    if best and (words := compared(best.test_loss, history.to_beat)):
        return f"{text}, {words}"
    return text if floor is None else f"{text}, floor {format_number(floor.loss)}"


def _quality(newest: EpochFinished | None, loss: str, floor: FloorMeasured | None) -> str:
    """The newest test's squared error where the loss is another, as a ratio, and how alike the images look.

    Where a model without any loss is off too, by how much instead.
    """
    error = squared_error(newest, loss) if newest else None
    if newest is None or error is None:
        return UNKNOWN
    told = format_number(error)
    if floor is not None and floor.perfect_pixels is not None:
        return f"pixel MSE {told}, {format_number(floor.perfect_pixels)} at a loss of 0"
    parts = [] if newest.test_pixels is None else [f"MSE {told}"]
    ratio, similarity = peak_signal_to_noise(error), newest.test_similarity
    parts += [] if ratio is None else [f"PSNR {ratio:.1f} dB"]
    parts += [] if similarity is None else [f"SSIM {similarity:.3f}"]
    return ", ".join(parts) or UNKNOWN


def _train_loss(newest: EpochFinished | None) -> str:
    if newest is None or newest.train_loss is None:
        return UNKNOWN
    text = f"{format_number(newest.train_loss)}  mean of epoch {newest.epoch}"
    if newest.uncropped_train_loss is None:
        return text
    return f"{text}, {format_number(newest.uncropped_train_loss)} uncropped"


def _best_tested(tested: BestTested) -> str:
    """What the best epoch is worth on images that did not choose it."""
    accuracy = "" if tested.accuracy is None else f", accuracy {tested.accuracy:.1%}"
    area = "" if tested.detection is None else f", ROC-AUC {tested.detection.area:.3f}"
    return f"{format_number(tested.loss)}{accuracy}{area}  epoch {tested.epoch}"


def _detection(found: Detection) -> str:
    return f"AUC {found.area:.3f}, {found.found:.0%} found, {found.false_alarms:.0%} false alarms"


def _trend(history: History) -> str:
    """How the test loss moved in the last epoch, in per cent."""
    numbers = sorted(history.epochs)[-2:]
    if len(numbers) < 2 or not history.epochs[numbers[0]].test_loss:
        return ""
    before, now = (history.epochs[number].test_loss for number in numbers)
    change = (now - before) / before
    told = "over tenfold" if now > 10 * before else f"{abs(change):.1%}"
    return f"{'▼' if change < 0 else '▲'} {told} in an epoch"
