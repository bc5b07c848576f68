"""CIFAR-10 out of the forms that people have it in."""

import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from aetui.data.archives import has_checksum
from aetui.data.catalogue import Source
from aetui.data.finding import BINARY_ARCHIVE, BINARY_BYTES, BINARY_FILES, Form, Found
from aetui.data.images import DataSet, ImageSet
from aetui.errors import AetuiError

PER_CLASS = (5_000, 1_000)
"""Images of each class, for training and for tests."""


def read_cifar10(
    source: Source, found: Found, on_warning: Callable[[str], None], cancelled: Callable[[], bool]
) -> DataSet:
    """The set as it was found, verified where its sums are known. Raises AetuiError, Cancelled, OSError."""
    if found.form is Form.PYTHON:
        for path, file in zip(found.paths, source.files, strict=True):
            if not has_checksum(path, file.checksum, cancelled):
                raise AetuiError(f"{path} is damaged: it does not have the known checksum")
        return DataSet(source.title, *_unpickled(found.folder), source.classes)
    if found.form is Form.BINARY_PACKED:
        batches = _members(found.paths[0], cancelled)
    else:
        batches = [path.read_bytes() for path in found.paths]
        on_warning(f"{found.sentence}: no sums of these files are known; their sizes and labels fit")
    train, test = _decode(b"".join(batches[:-1])), _decode(batches[-1])
    for images, each in zip((train, test), PER_CLASS, strict=True):
        if torch.bincount(images.labels, minlength=256)[:10].tolist() != [each] * 10:
            raise AetuiError(f"{found.sentence} is damaged: its classes are not equally many", "remove it")
    return DataSet(f"{source.title} ({found.form})", train, test, source.classes)


def _unpickled(folder: Path) -> tuple[ImageSet, ImageSet]:
    """Training and test images of files whose sums hold, through torchvision's reader."""
    from torchvision.datasets import CIFAR10

    class Here(CIFAR10):  # type: ignore[misc]
        base_folder = ""

    def read(train: bool) -> ImageSet:
        reader = Here(folder, train=train)
        images = torch.from_numpy(reader.data).permute(0, 3, 1, 2).contiguous()
        return ImageSet(images, torch.tensor(reader.targets))

    return read(train=True), read(train=False)


def _members(path: Path, cancelled: Callable[[], bool]) -> list[bytes]:
    """The six batches in the archive, whose sum must be the known one."""
    if not has_checksum(path, BINARY_ARCHIVE.checksum, cancelled):
        raise AetuiError(f"{path} is damaged: it does not have the known checksum", "remove it")
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                name = Path(member.name).name
                if (
                    name in BINARY_FILES
                    and member.size == BINARY_BYTES
                    and (file := archive.extractfile(member))
                ):
                    found[name] = file.read(BINARY_BYTES)
        return [found[name] for name in BINARY_FILES]
    except (tarfile.TarError, zlib.error, EOFError, KeyError) as error:
        raise AetuiError(f"{path} is damaged: {error}", "remove it") from None


def _decode(batch: bytes) -> ImageSet:
    """Rows of a label and an image, channels first."""
    rows = torch.from_numpy(np.frombuffer(batch, np.uint8).reshape(-1, 1 + 3 * 32 * 32).copy())
    return ImageSet(rows[:, 1:].reshape(-1, 3, 32, 32).contiguous(), rows[:, 0].long())
