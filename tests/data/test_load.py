"""Any set by name."""

import shlex
import shutil
import struct
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from https_server import sha256
from PIL import Image

from aetui.data import load as load_module
from aetui.data.catalogue import SETS, DataFile, Source
from aetui.data.images import DataSet, ImageSet
from aetui.data.load import load, to_device_if_fits
from aetui.errors import AetuiError

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
needs_mnist = pytest.mark.skipif(
    not (SHARED / "MNIST").is_dir(), reason="MNIST is not in ../shared/data beside the repository"
)


def get(name: str, data_dir: Path, **options: object) -> DataSet:
    quiet = {
        "on_progress": lambda progress: None,
        "on_warning": lambda text: None,
        "cancelled": lambda: False,
    }
    return load(name, data_dir, **quiet, **options)  # type: ignore[arg-type]


@needs_mnist
def test_mnist_from_a_folder_that_is_only_read() -> None:
    data = get("mnist", SHARED)
    assert data.title == "MNIST"
    assert (data.train.images.shape, data.test.images.shape) == ((60_000, 1, 28, 28), (10_000, 1, 28, 28))
    assert (data.train.images.dtype, data.train.labels.dtype) == (torch.uint8, torch.int64)
    assert data.train.labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert data.train.images.float().mean().div(255).item() == pytest.approx(0.1307, abs=1e-4)


@pytest.fixture
def mnist_of_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with an MNIST of two images a set, and a catalogue that says so."""
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    archives = []
    for archive in SETS["mnist"].archives:
        (file,) = archive.files
        if "images" in file.path:
            content = struct.pack(">4i", 2051, 2, 28, 28) + bytes(range(56)) * 28
        else:
            content = struct.pack(">2i", 2049, 2) + bytes([3, 7])
        (tmp_path / file.path).write_bytes(content)
        small = DataFile(file.path, len(content), sha256(content))
        archives.append(replace(archive, files=(small,)))
    source = replace(SETS["mnist"], mirrors=("https://127.0.0.1:1/",), archives=tuple(archives))
    monkeypatch.setattr(load_module, "SETS", {"mnist": source})
    return tmp_path


def test_mnist_through_torchvisions_reader(mnist_of_two: Path) -> None:
    data = get("mnist", mnist_of_two)
    assert data.train.images.shape == (2, 1, 28, 28)
    assert data.test.images[0, 0, 0].tolist() == list(range(28))
    assert data.test.labels.tolist() == [3, 7]
    assert data.classes == tuple("0123456789")


@pytest.mark.parametrize(
    "damage", [lambda data: b"", lambda data: data[:-1], lambda data: data[:-1] + b"\xff"]
)
@pytest.mark.parametrize("name", ["train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
def test_a_damaged_file_in_place(mnist_of_two: Path, damage: object, name: str) -> None:
    path = mnist_of_two / "MNIST" / "raw" / name
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(AetuiError) as caught:
        get("mnist", mnist_of_two)
    assert str(path) in caught.value.message
    command = f"aetui data get mnist --data {shlex.quote(str(mnist_of_two))}"
    assert caught.value.hint == f"Fetch it again with: {command}"


def test_what_is_missing_is_fetched(mnist_of_two: Path) -> None:
    shutil.rmtree(mnist_of_two / "MNIST")
    with pytest.raises(AetuiError, match=r"MNIST could not be downloaded \(train-images-idx3-ubyte.gz\)"):
        get("mnist", mnist_of_two)


@pytest.mark.parametrize("name", ["digits", "shapes"])
def test_generated_sets_need_no_folder(name: str, tmp_path: Path) -> None:
    source: Source = SETS[name]
    data = get(name, tmp_path / "nowhere")
    assert data.train.images.shape == (source.train_count, *source.size)
    assert data.test.images.shape == (source.test_count, *source.size)
    assert (data.title, data.classes) == (source.title, source.classes)
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_of_images(tmp_path: Path) -> None:
    for number in range(4):
        (tmp_path / "mine").mkdir(exist_ok=True)
        Image.new("RGB", (9, 7), "white").save(tmp_path / "mine" / f"{number}.png")
    data = get("folder", tmp_path / "data", folder=tmp_path / "mine", size=(1, 5, 6), test_share=0.5)
    assert data.train.images.shape == data.test.images.shape == (2, 1, 5, 6)
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["folders"]


def test_the_cpu_keeps_the_set_as_it_is() -> None:
    images = ImageSet(torch.zeros(2, 1, 4, 4, dtype=torch.uint8), torch.zeros(2, dtype=torch.int64))
    assert to_device_if_fits(images, torch.device("cpu")) is images


@pytest.fixture
def free_bytes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    free = [0]
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free[0], 1 << 40))
    return free


def test_a_set_too_large_for_the_gpu_stays(free_bytes: list[int]) -> None:
    images = ImageSet(torch.zeros(2, 1, 4, 4, dtype=torch.uint8), torch.zeros(2, dtype=torch.int64))
    free_bytes[0] = 63
    assert to_device_if_fits(images, torch.device("cuda")) is images


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_set_that_fits_moves_to_the_gpu() -> None:
    images = ImageSet(torch.ones(2, 1, 4, 4, dtype=torch.uint8), torch.zeros(2, dtype=torch.int64))
    moved = to_device_if_fits(images, torch.device("cuda"))
    assert moved.images.is_cuda
    assert moved.labels.is_cuda
    assert moved.images.sum() == 32
