"""A run as plain data: what `aetui show --json` prints."""

import math
from dataclasses import asdict
from typing import Any

from aetui.errors import AetuiError
from aetui.runs.checkpoint_index import DamagedIndex, read_index
from aetui.runs.event_log import EventFollower
from aetui.runs.events import EpochFinished
from aetui.runs.folder import RunFolder
from aetui.runs.history import History
from aetui.runs.liveness import find_state
from aetui.runs.quality import peak_signal_to_noise, squared_error


def read_history(folder: RunFolder) -> tuple[History, EventFollower]:
    """The run's story so far, and its log, which knows of damaged lines. Raises AetuiError."""
    history, log = History(), EventFollower(folder.events)
    try:
        while (events := log.poll()) or log.behind:
            for event, time in events:
                history.apply(event, time)
    except OSError as error:
        raise AetuiError(f"{folder.events} cannot be read: {error.strerror}") from None
    return history, log


def report_run(folder: RunFolder) -> dict[str, Any]:
    """What a run is, how it stands and what every epoch gave. Raises AetuiError for an unreadable folder."""
    meta = folder.read_meta()
    history, log = read_history(folder)
    checkpoints, problem = _checkpoints(folder)
    started = history.started
    loss = started.loss if started else "MSE per pixel"
    report = {
        "run": folder.name,
        "preset": meta.preset,
        "state": find_state(folder, meta),
        "reason": meta.reason,
        "device": started.device if started else None,
        "device_name": started.device_name if started else None,
        "parameters": started.parameters if started else None,
        "loss": _loss(loss),
        "floor": asdict(history.floor) if history.floor else None,
        "baselines": history.baselines,
        "best_epoch": history.best.epoch if history.best else None,
        "tested_on": history.tested_on,
        "best_tested": asdict(history.best_tested) if history.best_tested else None,
        "probes": [asdict(probe) for probe in history.probes],
        "seed": meta.seed,
        "changes": meta.changes,
        "branched_from": meta.branched_from or None,
        "branched_step": meta.branched_step,
        "changed_while_training": [asdict(one) for one in history.changed.values()],
        "epochs_planned": meta.epochs_planned,
        "epochs": [epoch_numbers(history.epochs[number], loss) for number in sorted(history.epochs)],
        "checkpoints": checkpoints,
        "checkpoints_problem": problem,
        "resumed_from": started.resumed_from if started else None,
        "damaged_lines": log.damaged,
        "first_damaged_line": log.first_damaged or None,
    }
    return {key: _finite(value) for key, value in report.items()}


def _checkpoints(folder: RunFolder) -> tuple[list[dict[str, Any]], str | None]:
    """The listed checkpoints, or why there is no list."""
    try:
        return [entry.model_dump() for entry in read_index(folder.checkpoints)], None
    except DamagedIndex as error:
        return [], error.sentence


def _loss(name: str) -> str:
    """What is measured, in which range, over what."""
    return f"{name}{' of images in [0, 1]' if name.endswith('pixel') else ''}, averaged over images"


def epoch_numbers(epoch: EpochFinished, loss: str) -> dict[str, Any]:
    """What an epoch of a run whose loss is called so gave, by name."""
    return {
        "epoch": epoch.epoch,
        "step": epoch.step,
        "train_loss": epoch.train_loss,
        "test_loss": epoch.test_loss,
        "train_pixels": epoch.train_pixels,
        "test_pixels": epoch.test_pixels,
        "psnr": peak_signal_to_noise(squared_error(epoch, loss)),
        "ssim": epoch.test_similarity,
        "test_accuracy": epoch.test_accuracy,
        "roc_auc": epoch.detection.area if epoch.detection else None,
        "detection": asdict(epoch.detection) if epoch.detection else None,
        "uncropped_train_loss": epoch.uncropped_train_loss,
        "seconds": epoch.seconds,
        "test_seconds": epoch.test_seconds,
        "total_seconds": epoch.total_seconds,
        "images_per_second": epoch.images_per_second,
    }


def _finite(value: Any) -> Any:
    """The same without numbers that JSON does not have: they become None."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
