"""CIFAR-10 in the forms that people have it in: the binary and the python version, packed or not."""

import io
import pickle
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from https_server import sha256
from test_forms import get, put
from torchvision.datasets import CIFAR10

from aetui.data import cifar_files, finding
from aetui.data import load as load_module
from aetui.data.catalogue import SETS, DataFile
from aetui.data.images import DataSet
from aetui.errors import AetuiError


@pytest.fixture
def ten_of_each(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """CIFAR-10's six binary batches with 20 images in each, and modules that expect as many."""
    monkeypatch.setattr(finding, "BINARY_BYTES", 20 * 3073)
    monkeypatch.setattr(cifar_files, "BINARY_BYTES", 20 * 3073)
    monkeypatch.setattr(cifar_files, "PER_CLASS", (10, 2))
    numbers = np.random.default_rng(0)
    labels = np.tile(np.arange(10, dtype=np.uint8), 2)[:, None]
    return [np.hstack([labels, numbers.integers(0, 256, (20, 3072), np.uint8)]).tobytes() for _ in range(6)]


def check_cifar(data: DataSet, batches: list[bytes]) -> None:
    assert (data.train.images.shape, data.test.images.shape) == ((100, 3, 32, 32), (20, 3, 32, 32))
    first = np.frombuffer(batches[1], np.uint8)[:3073]
    assert np.array_equal(data.train.images[20].numpy().ravel(), first[1:])
    assert data.train.labels[:12].tolist() == [*range(10), 0, 1]
    last = np.frombuffer(batches[5], np.uint8)[-3072:]
    assert np.array_equal(data.test.images[19].numpy().ravel(), last)


BINARY_NAMES = finding.BINARY_FILES


@pytest.mark.parametrize("place", [".", "cifar-10-batches-bin", "cifar10/cifar-10-batches-bin"])
def test_the_binary_version(ten_of_each: list[bytes], tmp_path: Path, place: str) -> None:
    put(tmp_path / place, dict(zip(BINARY_NAMES, ten_of_each, strict=True)))
    data, said = get("cifar10", tmp_path)
    check_cifar(data, ten_of_each)
    assert data.title == "CIFAR-10 (the binary version)"
    assert "no sums of these files are known" in said[0]
    (tmp_path / place / "test_batch.bin").write_bytes(bytes(20 * 3073))
    with pytest.raises(AetuiError, match="its classes are not equally many"):
        get("cifar10", tmp_path)


def test_the_binary_version_packed(
    ten_of_each: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tarfile.open(tmp_path / "cifar-10-binary.tar.gz", "w:gz") as archive:
        for name, batch in zip(reversed(BINARY_NAMES), reversed(ten_of_each), strict=True):
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(batch)
            archive.addfile(member, io.BytesIO(batch))
    content = (tmp_path / "cifar-10-binary.tar.gz").read_bytes()
    known = DataFile("cifar-10-binary.tar.gz", len(content), sha256(content))
    monkeypatch.setattr(finding, "BINARY_ARCHIVE", known)
    monkeypatch.setattr(cifar_files, "BINARY_ARCHIVE", known)
    data, said = get("cifar10", tmp_path)
    check_cifar(data, ten_of_each)
    assert said == []
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(content[:-1] + b"1")
    with pytest.raises(AetuiError, match="is damaged"):
        get("cifar10", tmp_path)


@pytest.mark.parametrize("place", [".", "cifar-10-batches-py", "cifar10/cifar-10-batches-py"])
def test_the_python_version_unpacked(
    ten_of_each: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Through torchvision's reader, which is given these files for those it knows."""
    files = {"batches.meta": pickle.dumps({"label_names": list("0123456789")})}
    for name, batch in zip(BINARY_NAMES, ten_of_each, strict=True):
        rows = np.frombuffer(batch, np.uint8).reshape(20, 3073)
        files[name[:-4]] = pickle.dumps({"data": rows[:, 1:], "labels": rows[:, 0].tolist()})
    put(tmp_path / place, files)
    [archive] = SETS["cifar10"].archives
    known = tuple(
        DataFile(f"cifar-10-batches-py/{name}", len(files[name]), sha256(files[name]))
        for name in (Path(file.path).name for file in archive.files)
    )
    source = replace(SETS["cifar10"], archives=(replace(archive, files=known),))
    monkeypatch.setattr(load_module, "SETS", {"cifar10": source})
    monkeypatch.setattr(CIFAR10, "_check_integrity", lambda self: True)
    monkeypatch.setattr("torchvision.datasets.cifar.check_integrity", lambda *_: True)
    data, said = get("cifar10", tmp_path)
    check_cifar(data, ten_of_each)
    assert (data.title, said) == ("CIFAR-10", [])
    (tmp_path / place / "test_batch").write_bytes(files["test_batch"][:-1] + b"!")
    with pytest.raises(AetuiError, match="test_batch is damaged"):
        get("cifar10", tmp_path)
