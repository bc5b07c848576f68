"""Which files of a folder are images, of which class, for training or for testing."""

import os
import random
import stat
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from pathlib import Path

from aetui.errors import UsageError

SHARD = ".tar"
"""How the names of shards end."""
SUFFIXES = frozenset(
    (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp")
)
MOST_LOOKED_AT = 20_000
MIXED = 0
"""Seed of the order of the test images: the same for the same files."""
SINGLE_CLASS = "images"
"""The class of images that lie in no class folder."""


@dataclass(frozen=True)
class ListedFile:
    """An image file as found; `name` is its path below the folder. A dangling link has size 0.

    An image in a shard has the `path` of the shard, and its bytes begin there at `offset`.
    """

    path: Path
    name: str
    label: str
    size: int
    modified_ns: int
    offset: int | None = None

    @property
    def told(self) -> str:
        """The name as text that can be written, also where it is no UTF-8."""
        return self.name.encode("utf-8", "backslashreplace").decode()


Images = Callable[[Path, Path], list[ListedFile]]
"""Lists the images below a folder, by their names below another."""


def images_below(root: Path, folder: Path) -> list[ListedFile]:
    """Every image file below `root`, sorted by its name."""
    found = [_listed(path, root, folder) for path in files_below(root) if path.suffix.lower() in SUFFIXES]
    return sorted((file for file in found if file), key=lambda file: file.name)


def list_folder(
    folder: Path, test_share: float, seed: int, images: Images = images_below
) -> tuple[list[ListedFile], list[ListedFile]]:
    """Train files sorted by path, test files in mixed order.

    With folders `train` and `test` inside, the `images` in them; otherwise `test_share` of the files, drawn
    by `seed`, are for testing. Raises `UsageError` where there is nothing to train or to test on.
    """
    if not folder.is_dir():
        wrong = "is not a folder" if folder.exists() else "is not there"
        raise UsageError(f"The folder of images {folder} {wrong}.", "Set data.path to a folder of images.")
    splits = [name for name in ("train", "test") if (folder / name).is_dir()]
    if len(splits) == 1:
        raise UsageError(
            f"{folder} has {splits[0]}/ but not both train/ and test/.",
            "Add the other folder, or move the images up one level to have a share of them set aside.",
        )
    if splits:
        train, test = (images(folder / name, folder) for name in splits)
    else:
        train, test = _drawn(images(folder, folder), test_share, seed)
    _refuse_nothing(folder, len(train), len(test), bool(splits))
    random.Random(MIXED).shuffle(test)  # so that the first ones show every class
    return train, test


def holds_any(folder: Path, suffixes: Container[str] = SUFFIXES) -> bool:
    """Whether such a file is in the folder, by names alone; one too large to look through may hold some.

    Quick enough for a question: at most MOST_LOOKED_AT files are looked at. Raises OSError.
    """
    return any(
        path.suffix.lower() in suffixes or number == MOST_LOOKED_AT
        for number, path in enumerate(files_below(folder), 1)
    )


def _drawn(files: list[ListedFile], share: float, seed: int) -> tuple[list[ListedFile], list[ListedFile]]:
    chosen = set(random.Random(seed).sample(range(len(files)), round(len(files) * share)))
    return (
        [file for index, file in enumerate(files) if index not in chosen],
        [file for index, file in enumerate(files) if index in chosen],
    )


def _refuse_nothing(folder: Path, train: int, test: int, split: bool) -> None:
    if train and test:
        return
    if not train and not test:
        raise UsageError(
            f"There are no image files in {folder}.",
            f"Looked for {', '.join(sorted(SUFFIXES))}, in all folders.",
        )
    empty = "training" if not train else "testing"
    if split:
        raise UsageError(f"There are no image files for {empty} in {folder}.", "Fill train/ and test/ both.")
    raise UsageError(
        f"Of the {train + test} images in {folder} none is left for {empty}.",
        "Add images, or change data.test_share.",
    )


def files_below(root: Path) -> Iterator[Path]:
    """Every file below `root`, links followed, but no folder entered twice."""
    seen: set[tuple[int, int]] = set()
    waiting = [root]
    while waiting:
        current = waiting.pop()
        facts = current.stat()
        if (facts.st_dev, facts.st_ino) in seen:
            continue
        seen.add((facts.st_dev, facts.st_ino))
        for entry in os.scandir(current):
            path = Path(entry.path)
            if entry.name.startswith("."):
                continue
            if path.is_dir():
                waiting.append(path)
            else:
                yield path


def _listed(path: Path, root: Path, folder: Path) -> ListedFile | None:
    """The file, unless it is a pipe, socket or device, on which reading could wait for ever."""
    try:
        facts = path.stat()
    except OSError:
        size, modified = 0, 0
    else:
        if not stat.S_ISREG(facts.st_mode):
            return None
        size, modified = facts.st_size, facts.st_mtime_ns
    parts = path.relative_to(root).parts
    label = parts[0] if len(parts) > 1 else SINGLE_CLASS
    return ListedFile(path, path.relative_to(folder).as_posix(), label, size, modified)
