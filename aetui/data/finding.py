"""Where a data set lies below the data folder, and in which of the forms that people have it.

Quick to ask: names, sizes and a few kilobytes are looked at, no torch is loaded. Whether the content is whole
is verified when it is read.
"""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from aetui.data.catalogue import SETS, DataFile, Source, checksum_holds
from aetui.errors import AetuiError
from aetui.files import read_bounded
from aetui.text import for_shell

IDX_FOLDERS = {
    "mnist": ("MNIST/raw", "MNIST", "mnist/raw", "mnist"),
    "fashion-mnist": (
        *("FashionMNIST/raw", "FashionMNIST", "fashion-mnist/raw", "fashion-mnist"),
        *("fashion_mnist", "fashion", "data/fashion"),
    ),
}
"""Where torchvision, Keras, and the sets' own repositories put the four IDX files."""
SHARED_FOLDERS = ("raw", ".")
"""Where either of the two may lie: the files' names and sizes are the same."""
CSV_FILES = {
    "mnist": (("mnist_train.csv", "mnist_test.csv"), ("train.csv",)),
    "fashion-mnist": (("fashion-mnist_train.csv", "fashion-mnist_test.csv"),),
}
"""Training and test images; of Kaggle's digit recognizer the one with labels."""
CSV_FOLDERS = (".", "digit-recognizer", "mnist", "MNIST", "fashion-mnist", "fashionmnist")
CIFAR_FOLDERS = ("", "cifar10", "CIFAR10", "cifar-10")
BINARY_FILES = (*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin")
BINARY_BYTES = 10_000 * (1 + 3 * 32 * 32)
"""Of each: a label and an image, 10,000 times (www.cs.toronto.edu/~kriz/cifar.html)."""
BINARY_ARCHIVE = DataFile(
    "cifar-10-binary.tar.gz",
    170_052_171,
    "sha256:c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
)
"""TensorFlow Datasets has the same sum."""
COLUMNS = 1 + 28 * 28
PACKED_MORE = 10_000
"""Bytes that an archive may have more than what it holds."""
LONGEST_LINE = 20_000
"""Of a CSV file; no row of pixels is longer."""


class Form(StrEnum):
    """How a set is kept, as people call it."""

    IDX = "IDX files"
    NPZ = "Keras's mnist.npz"
    CSV = "CSV files"
    KAGGLE = "Kaggle's train.csv"
    PYTHON = "the python version"
    PACKED = "the python version, packed"
    BINARY = "the binary version"
    BINARY_PACKED = "the binary version, packed"


@dataclass(frozen=True)
class Found:
    """A set that is here: its files, training before test, in the catalogue's order."""

    form: Form
    paths: tuple[Path, ...]

    @property
    def folder(self) -> Path:
        return self.paths[0].parent

    @property
    def sentence(self) -> str:
        return f"{self.form} in {self.folder}"


def find(source: Source, data_dir: Path) -> Found | None:
    """The set in the first form that is here; None where it is not, and for generated sets."""
    if source.name == "cifar10":
        return _find_cifar10(source, data_dir)
    if source.name not in IDX_FOLDERS:
        return None
    return _find_idx(source, data_dir) or _find_npz(source, data_dir) or _find_csv(source, data_dir)


def is_local(source: Source, data_dir: Path) -> bool:
    """Whether the set needs no download. Generated sets never do."""
    return not source.archives or find(source, data_dir) is not None


def data_dir_of_run(name: str, recorded: Path, own: Path) -> Path:
    """Where a run finds the set `name`: in the folder it recorded if the set lies there whole, else in `own`.

    A run's folder may come from anybody: nothing is written where it says, and nothing read but what its sums
    tell to be the set.
    """
    source = SETS.get(name)
    return recorded if source and _find_verified(source, recorded) else own


def data_dir_to_load(name: str, recorded: Path, own: Path) -> Path:
    """As `data_dir_of_run`. Raises AetuiError where a run seems to have read tables, which have no sums."""
    _check_tables(name, recorded, own)
    return data_dir_of_run(name, recorded, own)


def _check_tables(name: str, recorded: Path, own: Path) -> None:
    source = SETS.get(name)
    if source is None or name not in CSV_FILES or is_local(source, own) or _find_verified(source, recorded):
        return
    if any(size_of(path) for paths in _tables(source, recorded) for path in paths):
        raise AetuiError(
            f"The run names CSV files in {recorded}, of which nothing tells that they are {source.title}",
            f"if they are yours, name the folder: --data {for_shell(recorded)}",
        )


def _find_verified(source: Source, data_dir: Path) -> Found | None:
    """As `find`, but only in forms whose content is known by its sums and is read where it lies, unpacked; no
    links to other files."""
    if source.name == "cifar10":
        found = _find_cifar10(source, data_dir)
        return found if found and found.form is Form.PYTHON else None
    if source.name not in IDX_FOLDERS:
        return None
    found = _find_idx(source, data_dir) or _find_npz(source, data_dir)
    return None if found and any(path.is_symlink() for path in found.paths) else found


def _find_idx(source: Source, data_dir: Path) -> Found | None:
    for name in (*IDX_FOLDERS[source.name], *SHARED_FOLDERS):
        paths = [_idx_file(data_dir / name, file) for file in source.files]
        whole = tuple(path for path in paths if path)
        if len(whole) == len(source.files) and (name not in SHARED_FOLDERS or _is_of(source, whole[-1])):
            return Found(Form.IDX, whole)
    return None


def _idx_file(folder: Path, file: DataFile) -> Path | None:
    """The file, plain with the right size or gzipped, also with the dot that some write for its last dash."""
    name = Path(file.path).name
    for spelled in (name, name.replace("-idx", ".idx")):
        if size_of(folder / spelled) == file.size:
            return folder / spelled
        if 0 < size_of(folder / f"{spelled}.gz") <= file.size + PACKED_MORE:
            return folder / f"{spelled}.gz"
    return None


def _is_of(source: Source, labels: Path) -> bool:
    """Whether these are the set's test labels, by their sum."""
    try:
        return checksum_holds(read_idx(labels, source.files[-1]), source.files[-1].checksum)
    except OSError:
        return False


def read_idx(path: Path, file: DataFile) -> bytes:
    """The content of an IDX file, unpacked where it is gzipped, and not much more than it should be.

    An archive is one member, as `gzip` makes it. Raises OSError, also for a damaged one.
    """
    content = read_bounded(path, file.size + PACKED_MORE, linked=True)
    if path.suffix != ".gz":
        return content
    unpacking = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        content = unpacking.decompress(content, file.size + 1)
    except zlib.error as error:
        raise OSError(str(error)) from None
    if not unpacking.eof and len(content) <= file.size:
        raise OSError("the archive ends early")
    return content


def _find_npz(source: Source, data_dir: Path) -> Found | None:
    """Keras has such a file of MNIST alone."""
    names = (data_dir / name for name in ("mnist.npz", "mnist/mnist.npz", "MNIST/mnist.npz"))
    return _first(Form.NPZ, names) if source.name == "mnist" else None


def _find_csv(source: Source, data_dir: Path) -> Found | None:
    for paths in _tables(source, data_dir):
        if all(size_of(path) and _has_columns(path) for path in paths):
            return Found(Form.CSV if len(paths) > 1 else Form.KAGGLE, paths)
    return None


def _tables(source: Source, data_dir: Path) -> Iterator[tuple[Path, ...]]:
    """Where tables of the set may lie, in the order that they are looked for."""
    for names in CSV_FILES[source.name]:
        for folder in CSV_FOLDERS:
            yield tuple(data_dir / folder / name for name in names)


def _has_columns(path: Path) -> bool:
    """Whether a line begins the file that names, or holds, a label and 784 pixels."""
    try:
        with path.open("rb") as file:
            line = file.readline(LONGEST_LINE)
    except OSError:
        return False
    first = line.lstrip(b'\xef\xbb\xbf"').lower()
    return line.count(b",") == COLUMNS - 1 and (first.startswith(b"label") or first[:1].isdigit())


def _find_cifar10(source: Source, data_dir: Path) -> Found | None:
    for place in (*(f"{folder}/cifar-10-batches-py".lstrip("/") for folder in CIFAR_FOLDERS), "."):
        paths = tuple(data_dir / place / Path(file.path).name for file in source.files)
        if all(size_of(path) == file.size for path, file in zip(paths, source.files, strict=True)):
            return Found(Form.PYTHON, paths)
    for archive in source.archives:
        if size_of(data_dir / archive.path) == archive.size:
            return Found(Form.PACKED, (data_dir / archive.path,))
    for place in (*(f"{folder}/cifar-10-batches-bin".lstrip("/") for folder in CIFAR_FOLDERS), "."):
        paths = tuple(data_dir / place / name for name in BINARY_FILES)
        if all(size_of(path) == BINARY_BYTES for path in paths):
            return Found(Form.BINARY, paths)
    packed = data_dir / BINARY_ARCHIVE.path
    return Found(Form.BINARY_PACKED, (packed,)) if size_of(packed) == BINARY_ARCHIVE.size else None


def _first(form: Form, paths: Iterable[Path]) -> Found | None:
    return next((Found(form, (path,)) for path in paths if size_of(path)), None)


def size_of(path: Path) -> int:
    """Bytes of a regular file; 0 for what is none."""
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0
