"""MNIST and Fashion-MNIST out of the forms that people have them in, with the sums of the IDX files."""

import itertools
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray

from aetui.data.catalogue import DataFile, Source, checksum_holds
from aetui.data.files import Cancelled, Decoding
from aetui.data.finding import COLUMNS, LONGEST_LINE, Form, Found, read_idx
from aetui.data.images import DataSet, ImageSet
from aetui.errors import AetuiError

SIDE = 28
IDX_MARKS = {1: 2049, 3: 2051}
"""The first number of an IDX file of bytes, by its number of axes (yann.lecun.org/exdb/mnist)."""
NPZ_ARRAYS = ("x_train", "y_train", "x_test", "y_test")
KAGGLE_TEST_SHARE = 1 / 7
"""As of MNIST's 70,000 images 10,000 are for tests."""
ROWS = 1000
MOST_ROWS = 100_000
MOST_SAID = 200
"""Characters of what a library says about a file."""

Numbers = NDArray[np.uint8]


def read_mnist(
    source: Source,
    found: Found,
    on_progress: Callable[[Decoding], None],
    on_warning: Callable[[str], None],
    cancelled: Callable[[], bool],
) -> DataSet:
    """The set as it was found, verified where its sums tell.

    Raises AetuiError for damage, Cancelled, and OSError.
    """
    if found.form is Form.IDX:
        parts = [_from_idx(path, file) for path, file in zip(found.paths, source.files, strict=True)]
    elif found.form is Form.NPZ:
        parts = _from_npz(found.paths[0])
        if not _is_as_published(source, parts):
            raise AetuiError(f"{found.paths[0]} holds other images than {source.title}'s", "remove it")
    else:
        tables = [_from_csv(path, on_progress, cancelled) for path in found.paths]
        if found.form is Form.KAGGLE:
            cut = len(tables[0]) - round(len(tables[0]) * KAGGLE_TEST_SHARE)
            tables = [tables[0][:cut], tables[0][cut:]]
            on_warning(
                f"{found.sentence} mixes {source.title}'s training and test images: "
                f"its last {len(tables[1]):,} are taken for tests, so figures are not those of others"
            )
        parts = [part for table in tables for part in (table[:, 1:].reshape(-1, SIDE, SIDE), table[:, 0])]
        if found.form is Form.CSV and not _is_as_published(source, parts):
            on_warning(f"{found.sentence}: not {source.title}'s images in their order; taken as they are")
    return _as_data_set(source, found, parts)


def _as_data_set(source: Source, found: Found, parts: list[Numbers]) -> DataSet:
    if not all(map(len, parts)):
        raise AetuiError(f"{found.sentence} has too few images to train and test with", "mend or remove it")
    train_images, train_labels, test_images, test_labels = (torch.from_numpy(part.copy()) for part in parts)
    if max(int(train_labels.max()), int(test_labels.max())) >= len(source.classes):
        raise AetuiError(f"{found.sentence} has labels beyond {len(source.classes) - 1}", "mend or remove it")
    title = source.title if found.form is Form.IDX else f"{source.title} ({found.form})"
    train = ImageSet(train_images.unsqueeze(1), train_labels.long())
    return DataSet(title, train, ImageSet(test_images.unsqueeze(1), test_labels.long()), source.classes)


def _from_idx(path: Path, file: DataFile) -> Numbers:
    """Images (N, 28, 28) or labels (N,) of an IDX file with a known sum. Raises AetuiError."""
    try:
        content = read_idx(path, file)
    except OSError as error:
        raise AetuiError(f"{path} cannot be read: {error.strerror or error}", "mend or remove it") from None
    if not checksum_holds(content, file.checksum):
        raise AetuiError(f"{path} is damaged: it does not have the known checksum")
    axes = content[3]
    sizes = struct.unpack_from(f">{axes}i", content, 4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(sizes)


def _from_npz(path: Path) -> list[Numbers]:
    """The arrays of Keras's file; no pickle in it is loaded. Raises AetuiError."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > 2 * MOST_ROWS * COLUMNS:
                raise ValueError("larger than MNIST")
        with np.load(path, allow_pickle=False) as arrays:
            parts = [arrays[name] for name in NPZ_ARRAYS]
    except Exception as error:  # numpy, zipfile and the unpackers raise nearly anything for damage
        why = str(error)[:MOST_SAID] or type(error).__name__
        raise AetuiError(f"{path} cannot be read as Keras's mnist.npz: {why}", "mend or remove it") from None
    for part, name in zip(parts, NPZ_ARRAYS, strict=True):
        if part.dtype.kind not in "ui" or part.shape[1:] != (SIDE, SIDE)[: 2 * name.startswith("x")]:
            found = f"{str(part.dtype)[:MOST_SAID]} {part.shape}"
            raise AetuiError(f"{path} is not Keras's mnist.npz: its {name} is {found}", "mend or remove it")
    return [part.astype(np.uint8) for part in parts]


def _from_csv(path: Path, on_progress: Callable[[Decoding], None], cancelled: Callable[[], bool]) -> Numbers:
    """The numbers of a table, a label and 784 pixels a row. Raises AetuiError, Cancelled."""
    tables: list[Numbers] = []
    try:
        with path.open("rb") as file:
            for lines in _batches(file):
                if cancelled():
                    raise Cancelled
                table = np.loadtxt(lines, np.int32, delimiter=",", ndmin=2)
                if table.min() < 0 or table.max() > 255:
                    raise ValueError("not all numbers are 0 to 255")
                tables.append(table.astype(np.uint8))
                done = ROWS * len(tables)
                if tables[-1].shape[1] != COLUMNS or done > MOST_ROWS:
                    raise ValueError(f"not a label and {COLUMNS - 1} pixels a row, of at most {MOST_ROWS:,}")
                on_progress(Decoding(done, MOST_ROWS))
        if not tables:
            raise ValueError("there is no row")
    except (OSError, ValueError, OverflowError) as error:
        row = ROWS * len(tables) + 1
        why = str(error)[:MOST_SAID]
        raise AetuiError(f"{path}, from row {row:,} on: {why}", "mend or remove it") from None
    return np.concatenate(tables)


def _batches(file: BinaryIO) -> Iterator[list[str]]:
    """The rows in parts, without the line of names where there is one. Raises ValueError."""
    rows: Iterator[str] = (line for line in _lines(file) if line.strip())
    for first in itertools.islice(rows, 1):
        if "label" not in first.lower():
            rows = itertools.chain([first], rows)
    while batch := list(itertools.islice(rows, ROWS)):
        yield batch


def _lines(file: BinaryIO) -> Iterator[str]:
    while line := file.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            raise ValueError("a line is too long")
        yield line.decode("utf-8-sig")


def _is_as_published(source: Source, parts: list[Numbers]) -> bool:
    """Whether the arrays written as IDX files are those that are published."""
    return all(
        checksum_holds(
            struct.pack(f">{1 + part.ndim}i", IDX_MARKS[part.ndim], *part.shape) + part.tobytes(),
            file.checksum,
        )
        for part, file in zip(parts, source.files, strict=True)
    )
