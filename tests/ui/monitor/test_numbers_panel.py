"""The run panel's rows stand still while their values appear."""

import math
from dataclasses import replace

import pytest
from rich.console import Console

from aetui.runs.events import BestTested, EpochFinished, Event, FloorMeasured, ProbeMeasured, RunStarted
from aetui.runs.history import History
from aetui.ui.monitor.numbers_panel import NumbersPanel

STARTED = RunStarted("run", "preset", "cpu", "CPU", 10, 2, 4, 40, 10, "shapes")
MASKED = replace(STARTED, loss="MSE per hidden pixel")
CLASSIFIER = replace(STARTED, loss="cross-entropy")


def finished(epoch: int, accuracy: float | None = None) -> EpochFinished:
    train = None if epoch == 0 else 1.5
    return EpochFinished(
        epoch, 4 * epoch, train, 4.0 / (epoch + 1), 1.0, 4.0, float(epoch), 0.1, True, test_accuracy=accuracy
    )


def panels(*events: Event) -> list[list[str]]:
    """The panel's lines after each event."""
    history, panel, shown = History(), NumbersPanel(), []
    for event in events:
        history.apply(event, 0.0)
        panel.set_reactive(NumbersPanel.history, history)
        console = Console(width=60)
        with console.capture() as capture:
            console.print(panel.render())
        shown.append(capture.get().splitlines())
    return shown


@pytest.mark.parametrize(
    "events",
    [
        (STARTED, finished(0), finished(1), finished(2)),
        (MASKED, FloorMeasured(0.5), finished(0), finished(1), ProbeMeasured(1, 4, 0.5, 0.25, 1.0)),
        (CLASSIFIER, finished(0, 0.1), finished(1, 0.5)),
    ],
)
def test_rows_keep_their_places(events: tuple[Event, ...]) -> None:
    names = [[line[:10].strip() for line in lines if "parameters" not in line] for lines in panels(*events)]
    assert names[0][:2] == ["test loss", "train loss"]
    for before in names:
        assert names[-1][: len(before)] == before
    assert len(names[-1]) <= 7


def test_what_is_still_to_come_is_a_dash() -> None:
    (lines,) = panels(STARTED)
    assert [line.split()[-1] for line in lines if "–" in line] == ["–"] * 5


def test_numbers_say_what_they_are() -> None:
    lines = panels(MASKED, FloorMeasured(0.5), finished(0), finished(1))[-1]
    for words in ("2.00  ▼ 50.0% in an epoch", "1.50  mean of epoch 1", "2.00  epoch 1 on test, floor 0.500"):
        assert any(words in line for line in lines), words


@pytest.mark.parametrize("loss", [1e308, 44.0, math.inf])
def test_a_loss_that_jumps_is_told_in_words(loss: float) -> None:
    lines = panels(MASKED, finished(0), replace(finished(1), test_loss=loss))[-1]
    assert any(line.rstrip().endswith("▲ over tenfold in an epoch") for line in lines)


def test_validation_and_the_test_at_the_end_and_pixels_are_told() -> None:
    epoch = replace(finished(1), tested_on="validation", test_pixels=0.03, uncropped_train_loss=1.25)
    floor, tested = FloorMeasured(2.5, 0.02, 0.01), BestTested(1, 4, 2.125, 0.03, None, 2000)
    lines = [" ".join(line.split()) for line in panels(MASKED, floor, epoch, tested)[-1]]
    assert "val loss 2.00" in lines
    assert "train loss 1.50 mean of epoch 1, 1.25 uncropped" in lines
    assert "best 2.00 epoch 1 on val, floor 2.50" in lines
    assert "quality pixel MSE 0.0300, 0.0100 at a loss of 0" in lines
    assert lines[-2:] == ["test 2.12 epoch 1", "parameters 10"]


@pytest.mark.parametrize(
    ("loss", "error", "told"),
    [
        ("MSE per pixel", None, "quality PSNR -3.0 dB, SSIM 0.612"),
        ("BCE in nats an image", 0.0338, "quality MSE 0.0338, PSNR 14.7 dB, SSIM 0.612"),
        ("cross-entropy", None, "accuracy –"),
    ],
)
def test_the_quality_of_reconstructions_is_told(loss, error, told) -> None:
    epoch = replace(finished(1), test_pixels=error, test_similarity=0.6123)
    lines = [" ".join(line.split()) for line in panels(replace(STARTED, loss=loss), epoch)[-1]]
    assert lines[2] == told
