"""All epochs of a run as a table of words: for `aetui show` and for the app."""

from collections.abc import Sequence
from typing import Any

from aetui.text import format_count, format_duration, format_number

QUALITY = {
    "uncropped_train_loss": "uncropped",
    "train_pixels": "train MSE",
    "test_pixels": "pixel MSE",
    "psnr": "PSNR, dB",
    "ssim": "SSIM",
    "roc_auc": "ROC-AUC",
    "test_accuracy": "{} accuracy",
}
"""The columns of numbers that not every run has, and their heads."""


def epoch_table(epochs: Sequence[dict[str, Any]], best: int | None, where: str) -> list[tuple[str, ...]]:
    """The heads, then a row an epoch, of what `epoch_numbers` tells; `where` are the images of the test."""
    columns = [key for key in QUALITY if any(epoch[key] is not None for epoch in epochs)]
    quality = [QUALITY[key].format(where) for key in columns]
    heads = ("epoch", "train loss", f"{where} loss", *quality, "time", "images/s")
    return [heads, *(_row(epoch, columns, best, where) for epoch in epochs)]


def _row(epoch: dict[str, Any], columns: Sequence[str], best: int | None, where: str) -> tuple[str, ...]:
    return (
        str(epoch["epoch"]),
        format_number(epoch["train_loss"]),
        format_number(epoch["test_loss"]) + f" best on {where}" * (epoch["epoch"] == best),
        *(percent(epoch[k]) if k == "test_accuracy" else format_number(epoch[k]) for k in columns),
        format_duration(epoch["seconds"]),
        format_count(epoch["images_per_second"]),
    )


def percent(share: float | None) -> str:
    """A share as people read it."""
    return "–" if share is None else f"{share:.1%}"
