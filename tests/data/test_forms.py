"""Data sets are found and read in the forms that people have them in, and told apart by what they hold."""

import gzip
import io
import os
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from https_server import sha256

from aetui.data import load as load_module
from aetui.data.catalogue import SETS, DataFile, Source
from aetui.data.finding import Form, find
from aetui.data.images import DataSet
from aetui.data.load import load
from aetui.errors import AetuiError

NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


@dataclass
class Digits:
    """A small MNIST: its arrays, their IDX files, and a catalogue that knows their sums."""

    arrays: list[np.ndarray]
    files: dict[str, bytes]
    source: Source

    def csv(self, part: int, header: str = "label," + ",".join(f"pixel{n}" for n in range(784))) -> str:
        images, labels = self.arrays[2 * part], self.arrays[2 * part + 1]
        pairs = zip(images, labels, strict=True)
        rows = [f"{label}," + ",".join(map(str, image.ravel())) for image, label in pairs]
        return "\n".join([header, *rows] if header else rows) + "\n"


@pytest.fixture
def digits(monkeypatch: pytest.MonkeyPatch) -> Digits:
    numbers = np.random.default_rng(0)
    arrays = [
        part
        for count in (35, 7)
        for part in (
            numbers.integers(0, 256, (count, 28, 28), np.uint8),
            numbers.integers(0, 10, count, np.uint8),
        )
    ]
    files = {
        name: struct.pack(f">{1 + part.ndim}i", 2048 + part.ndim, *part.shape) + part.tobytes()
        for name, part in zip(NAMES, arrays, strict=True)
    }
    archives = []
    for archive, (name, content) in zip(SETS["mnist"].archives, files.items(), strict=True):
        small = DataFile(f"MNIST/raw/{name}", len(content), sha256(content))
        archives.append(replace(archive, files=(small,)))
    source = replace(SETS["mnist"], mirrors=("https://127.0.0.1:1/",), archives=tuple(archives))
    monkeypatch.setattr(load_module, "SETS", {"mnist": source})
    return Digits(arrays, files, source)


def get(name: str, data_dir: Path) -> tuple[DataSet, list[str]]:
    said: list[str] = []
    quiet = {"on_progress": lambda _: None, "cancelled": lambda: False}
    return load(name, data_dir, download=False, on_warning=said.append, **quiet), said  # type: ignore[arg-type]


def check_same(data: DataSet, digits: Digits) -> None:
    parts = (data.train.images[:, 0], data.train.labels, data.test.images[:, 0], data.test.labels)
    for part, array in zip(parts, digits.arrays, strict=True):
        assert np.array_equal(part.numpy(), array)
    assert (data.train.images.dtype, data.train.labels.dtype) == (torch.uint8, torch.int64)


def put(folder: Path, files: dict[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


@pytest.mark.parametrize("place", [".", "raw", "MNIST/raw", "MNIST", "mnist", "mnist/raw"])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_idx_files_where_people_put_them(digits: Digits, tmp_path: Path, place: str, packed: bool) -> None:
    files = {f"{name}.gz": gzip.compress(content) for name, content in digits.files.items()}
    put(tmp_path / place, files if packed else digits.files)
    found = find(digits.source, tmp_path)
    assert found
    assert (found.form, found.folder) == (Form.IDX, tmp_path / place)
    data, said = get("mnist", tmp_path)
    check_same(data, digits)
    assert (data.title, said) == ("MNIST", [])


def test_idx_files_with_a_dot_and_partly_packed(digits: Digits, tmp_path: Path) -> None:
    names = [name.replace("-idx", ".idx") for name in NAMES]
    files = dict(zip(names, digits.files.values(), strict=True))
    files[f"{names[1]}.gz"] = gzip.compress(files.pop(names[1]))
    put(tmp_path, files)
    check_same(get("mnist", tmp_path)[0], digits)


def test_the_two_sets_of_the_same_names_are_told_apart(digits: Digits, tmp_path: Path) -> None:
    put(tmp_path / "raw", digits.files)
    other = bytes(len(digits.files[NAMES[3]]))
    fashion = replace(
        SETS["fashion-mnist"],
        archives=(*digits.source.archives[:3], replace(digits.source.archives[3], files=(
            DataFile(f"FashionMNIST/raw/{NAMES[3]}", len(other), sha256(other)),
        ))),
    )  # fmt: skip
    assert find(digits.source, tmp_path)
    assert find(fashion, tmp_path) is None


@pytest.mark.parametrize("place", ["mnist.npz", "mnist/mnist.npz", "MNIST/mnist.npz"])
def test_keras_npz(digits: Digits, tmp_path: Path, place: str) -> None:
    (tmp_path / place).parent.mkdir(exist_ok=True)
    x_train, y_train, x_test, y_test = digits.arrays
    np.savez(tmp_path / place, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    data, _ = get("mnist", tmp_path)
    check_same(data, digits)
    assert data.title == "MNIST (Keras's mnist.npz)"


@pytest.mark.parametrize("header", ["label,1x1," + ",".join(["p"] * 783), ""], ids=["kaggle", "no header"])
def test_a_csv_of_each(digits: Digits, tmp_path: Path, header: str) -> None:
    (tmp_path / "mnist_train.csv").write_text(digits.csv(0, header))
    (tmp_path / "mnist_test.csv").write_text(digits.csv(1, header))
    data, said = get("mnist", tmp_path)
    check_same(data, digits)
    assert (data.title, said) == ("MNIST (CSV files)", [])
    (tmp_path / "mnist_test.csv").write_text(digits.csv(0, header))
    assert "not MNIST's images in their order" in get("mnist", tmp_path)[1][0]


def test_kaggles_train_csv(digits: Digits, tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_bytes(b"\xef\xbb\xbf" + digits.csv(0).replace("\n", "\r\n").encode())
    (tmp_path / "test.csv").write_text("pixel0,pixel1\n")
    data, said = get("mnist", tmp_path)
    assert (len(data.train), len(data.test)) == (30, 5)
    images = torch.cat([data.train.images, data.test.images])[:, 0]
    assert np.array_equal(images.numpy(), digits.arrays[0])
    assert data.title == "MNIST (Kaggle's train.csv)"
    assert "its last 5 are taken for tests" in said[0]


def test_other_tables_named_train_csv_are_not_taken(digits: Digits, tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("PassengerId,Survived,Pclass\n1,0,3\n")
    assert find(digits.source, tmp_path) is None
    with pytest.raises(AetuiError, match="MNIST is not in"):
        get("mnist", tmp_path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text.replace(",0,", ",256,", 1), "row"),
        (lambda text: text.replace("\n", ",1\n", 2), "MNIST is not in"),
        (lambda text: text[:-10], "row"),
        (lambda text: text + "word\n", "row"),
        (lambda text: text.replace("\n3,", "\n77,").replace("\n4,", "\n77,"), "labels beyond 9"),
    ],
)
def test_a_damaged_csv_is_a_sentence(
    digits: Digits, tmp_path: Path, damage: Callable[[str], str], message: str
) -> None:
    (tmp_path / "mnist_train.csv").write_text(digits.csv(0))
    (tmp_path / "mnist_test.csv").write_text(damage(digits.csv(1)))
    with pytest.raises(AetuiError, match=message):
        get("mnist", tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_archive_is_named(digits: Digits, tmp_path: Path, name: str) -> None:
    for content in (digits.files[name][:-1] + b"\x0b", digits.files[name] + b"1", b""):
        put(tmp_path / "mnist", {f"{each}.gz": gzip.compress(digits.files[each]) for each in NAMES})
        (tmp_path / "mnist" / f"{name}.gz").write_bytes(gzip.compress(content))
        with pytest.raises(AetuiError, match=f"{name}.gz is damaged") as refused:
            get("mnist", tmp_path)
        assert "aetui data get mnist" in refused.value.hint
    (tmp_path / "mnist" / f"{name}.gz").write_bytes(gzip.compress(digits.files[name])[:-9])
    with pytest.raises(AetuiError, match=f"{name}.gz cannot be read"):
        get("mnist", tmp_path)


@pytest.mark.parametrize(
    "write",
    [
        lambda path: np.savez(path, x_train=np.zeros(3)),
        lambda path: np.savez(
            path, **{name: np.array([{}], dtype=object) for name in ("x_train", "y_train")}
        ),
        lambda path: path.write_bytes(b"PK"),
        lambda path: np.savez_compressed(path, x_train=np.zeros(200_000_000, np.uint8)),
        lambda path: write_npz(path, x_train=np.zeros((3, 784), np.uint8)),
        lambda path: write_npz(path, x_train=np.uint8(3)),
        lambda path: write_npz(path, y_train=np.zeros(3, "i4,i4")),
        lambda path: write_npz(path, y_train=np.full(3, np.nan)),
        lambda path: write_header(path, "(" * 9000),
        lambda path: write_header(path, "{'descr':'|u1','fortran_order':False,'shape':(1000000000000000,)}"),
        lambda path: write_header(path, "{'descr':'|u1','fortran_order':False,'shape':(" + "9" * 23 + ",)}"),
        lambda path: write_damaged(path, zipfile.ZIP_DEFLATED),
        lambda path: write_damaged(path, zipfile.ZIP_LZMA),
    ],
    ids=[
        *("other arrays", "objects", "no archive", "bomb", "flat images", "a number", "fields"),
        *("not numbers", "brackets", "claims much", "claims more", "bad deflate", "bad lzma"),
    ],
)
def test_another_npz_is_a_sentence(digits: Digits, tmp_path: Path, write: Callable[[Path], object]) -> None:
    write(tmp_path / "mnist.npz")
    with pytest.raises(AetuiError, match=r"mnist\.npz (cannot be read as|is not) Keras's") as refused:
        get("mnist", tmp_path)
    assert len(refused.value.message) < 600


def write_npz(path: Path, **changed: np.ndarray) -> None:
    images, labels = np.zeros((3, 28, 28), np.uint8), np.zeros(3, np.uint8)
    np.savez(path, **{"x_train": images, "y_train": labels, "x_test": images, "y_test": labels, **changed})


def write_header(path: Path, header: str) -> None:
    """An array whose header says anything, and no content."""
    with zipfile.ZipFile(path, "w") as archive:
        text = header.encode().ljust(64)
        archive.writestr("x_train.npy", b"\x93NUMPY\x02\x00" + struct.pack("<I", len(text)) + text)


def write_damaged(path: Path, packing: int) -> None:
    whole = io.BytesIO()
    np.save(whole, np.random.default_rng(0).integers(0, 9, (3, 28, 28), np.uint8))
    with zipfile.ZipFile(path, "w", packing) as archive:
        archive.writestr("x_train.npy", whole.getvalue())
    content = bytearray(path.read_bytes())
    content[60:200] = bytes(140)
    path.write_bytes(content)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "there is no row"),
        ("\n" * 5000, "there is no row"),
        (",".join("1" * 785) + "\n", "too few images"),
        ("1," * 3_000_000, "a line is too long"),
    ],
)
def test_a_table_without_images_is_a_sentence(
    digits: Digits, tmp_path: Path, content: str, message: str
) -> None:
    header = "label," + ",".join(f"pixel{number}" for number in range(784)) + "\n"
    (tmp_path / "train.csv").write_text(header + content)
    with pytest.raises(AetuiError, match=message):
        get("mnist", tmp_path)


@pytest.mark.timeout(20)
def test_holes_of_a_tebibyte_are_not_read(digits: Digits, tmp_path: Path) -> None:
    """Sparse files: a table that goes on for ever, archives behind whose end nothing stops gzip."""
    header = "label," + ",".join(f"pixel{number}" for number in range(784)) + "\n"
    table = tmp_path / "csv" / "train.csv"
    table.parent.mkdir()
    table.write_text(header + digits.csv(1).partition("\n")[2])
    packed = [tmp_path / "packed" / f"{name}.gz" for name in NAMES]
    packed[0].parent.mkdir()
    for path in packed:
        path.write_bytes(gzip.compress(b""))
    for path in (table, *packed):
        os.truncate(path, 1 << 40)
    with pytest.raises(AetuiError, match="a line is too long"):
        get("mnist", table.parent)
    assert find(digits.source, packed[0].parent) is None


@pytest.mark.timeout(20)
def test_an_archive_of_many_empty_members_is_refused(digits: Digits, tmp_path: Path) -> None:
    put(tmp_path / "mnist", {f"{name}.gz": gzip.compress(digits.files[name]) for name in NAMES})
    (tmp_path / "mnist" / f"{NAMES[0]}.gz").write_bytes(gzip.compress(b"") * 1000)
    with pytest.raises(AetuiError, match="is damaged"):
        get("mnist", tmp_path)
