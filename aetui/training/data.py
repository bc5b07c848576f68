"""The data of a preset, with what is being waited for as events."""

import time
from pathlib import Path

from aetui.config.preset import Preset
from aetui.data.abnormal import with_abnormal
from aetui.data.download import Progress as Downloading
from aetui.data.files import Cancelled, Decoding
from aetui.data.images import DataSet
from aetui.data.load import load
from aetui.data.validation import with_validation
from aetui.files import expanded
from aetui.runs.events import ActivityChanged, Emit, Warned
from aetui.shapes.sizes import parse_size
from aetui.training.control import Control, Stopped

REPORT_SECONDS = 0.5


def load_data(preset: Preset, data_dir: Path, control: Control, emit: Emit) -> DataSet:
    """Load, generate or download the preset's images.

    Raises AetuiError where they cannot be had and Stopped when a stop is requested meanwhile.
    """
    reported_at = 0.0

    def report(progress: Downloading | Decoding) -> None:
        nonlocal reported_at
        if time.monotonic() - reported_at > REPORT_SECONDS:
            reported_at = time.monotonic()
            emit(ActivityChanged(progress.sentence))

    data = preset.data
    emit(ActivityChanged(f"reading {data.name}"))
    channels, height, width = parse_size(preset.image_size)
    try:
        loaded = load(
            data.name,
            data_dir,
            folder=expanded(data.path) if data.path else None,
            size=(channels, height, width),
            test_share=data.test_share,
            on_progress=report,
            on_warning=lambda message: emit(Warned(message)),
            cancelled=lambda: control.stopping,
        )
        if data.abnormal:
            loaded = with_abnormal(loaded, data.abnormal)
        return with_validation(loaded, data.validation_share) if data.validation_share else loaded
    except Cancelled:
        raise Stopped from None
    finally:
        emit(ActivityChanged(""))
