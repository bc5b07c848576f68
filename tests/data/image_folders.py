"""A folder of PNGs in three colours, and reading it."""

from pathlib import Path

import pytest
from PIL import Image

from aetui.data.folder import load_folder
from aetui.data.images import DataSet

COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}


def save(
    path: Path, colour: object = (10, 20, 30), size: tuple[int, int] = (8, 8), mode: str = "RGB"
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path)
    return path


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Ten PNGs each of three colours, the name of the colour being the class."""
    for name, colour in COLOURS.items():
        for number in range(10):
            save(tmp_path / "images" / name / f"{number}.png", colour)
    return tmp_path / "images"


def read(
    path: Path, size: tuple[int, int, int] = (3, 4, 4), test_share: float = 0.2, seed: int = 0
) -> DataSet:
    warnings: list[str] = []
    data = load_folder(
        path,
        size,
        path.parent / "cache",
        test_share,
        seed,
        on_progress=lambda progress: None,
        on_warning=warnings.append,
        cancelled=lambda: False,
    )
    read.warnings = warnings  # type: ignore[attr-defined]
    return data
