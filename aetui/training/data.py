"""The data of a preset, with what is being waited for told as events."""

import time
from pathlib import Path

from aetui.config.preset import Preset
from aetui.data.download import Progress as Downloading
from aetui.data.files import Cancelled
from aetui.data.folder import Decoding
from aetui.data.images import DataSet
from aetui.data.load import load
from aetui.runs.events import ActivityChanged, Emit, Warned
from aetui.shapes.sizes import parse_size
from aetui.training.control import Control, Stopped

TOLD_SECONDS = 0.5


def load_data(preset: Preset, data_dir: Path, control: Control, emit: Emit) -> DataSet:
    """Load, generate or download the preset's images.

    Raises AetuiError where they cannot be had and Stopped when a stop is wished for meanwhile.
    """
    told = 0.0

    def tell(progress: Downloading | Decoding) -> None:
        nonlocal told
        if time.monotonic() - told > TOLD_SECONDS:
            told = time.monotonic()
            emit(ActivityChanged(_describe(progress)))

    data = preset.data
    emit(ActivityChanged(f"reading {data.name}"))
    channels, height, width = parse_size(preset.image_size)
    try:
        return load(
            data.name,
            data_dir,
            folder=Path(data.path).expanduser() if data.path else None,
            size=(channels, height, width),
            test_share=data.test_share,
            on_progress=tell,
            on_warning=lambda message: emit(Warned(message)),
            cancelled=lambda: control.stopping,
        )
    except Cancelled:
        raise Stopped from None
    finally:
        emit(ActivityChanged(""))


def _describe(progress: Downloading | Decoding) -> str:
    if isinstance(progress, Decoding):
        return f"reading images: {progress.done_images:,} of {progress.total_images:,}"
    return progress.sentence
