"""What the catalogue says of the data sets, and that it is quick to ask."""

import subprocess
import sys
from pathlib import Path

import pytest

from aetui.config.preset import IMAGE_SIZES
from aetui.data import generated_digits, generated_shapes
from aetui.data.catalogue import SETS, default_data_dir
from aetui.data.finding import is_local


def test_it_knows_the_sets_of_the_presets() -> None:
    sizes = {name: "x".join(map(str, source.size)) for name, source in SETS.items()}
    assert sizes == IMAGE_SIZES
    assert all(SETS[source.twin].size == source.size for source in SETS.values())


def test_generated_classes_are_the_generators() -> None:
    assert SETS["digits"].classes == generated_digits.CLASSES
    assert SETS["shapes"].classes == generated_shapes.CLASSES


def test_checksums_are_torchvisions() -> None:
    from torchvision.datasets import CIFAR10, MNIST, FashionMNIST

    for name, reader in (("mnist", MNIST), ("fashion-mnist", FashionMNIST)):
        assert [archive.name for archive in SETS[name].archives] == [file for file, _ in reader.resources]
    known = dict(FashionMNIST.resources)
    assert {archive.name: archive.checksum for archive in SETS["fashion-mnist"].archives} == {
        name: f"md5:{md5}" for name, md5 in known.items()
    }
    batches = dict(CIFAR10.train_list + CIFAR10.test_list) | {"batches.meta": CIFAR10.meta["md5"]}
    assert {Path(file.path).name: file.checksum for file in SETS["cifar10"].files} == {
        name: f"md5:{md5}" for name, md5 in batches.items()
    }


def test_every_downloaded_set_has_more_than_one_https_mirror() -> None:
    for source in SETS.values():
        assert source.download_bytes == 0 or len(source.mirrors) > 1
        assert all(mirror.startswith("https://") and mirror.endswith("/") for mirror in source.mirrors)
    assert SETS["mnist"].hosts == ("ossci-datasets.s3.amazonaws.com", "storage.googleapis.com")
    assert SETS["mnist"].download_bytes == 11_594_722
    assert SETS["digits"].hosts == ()


def test_here_looks_at_names_and_sizes(tmp_path: Path) -> None:
    assert is_local(SETS["digits"], tmp_path)
    assert not is_local(SETS["mnist"], tmp_path / "nowhere")
    for file in SETS["mnist"].files:
        path = tmp_path / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as sparse:
            sparse.truncate(file.size)
    assert is_local(SETS["mnist"], tmp_path)
    path.write_bytes(b"")
    assert not is_local(SETS["mnist"], tmp_path)


def test_the_default_folder_is_in_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert default_data_dir().is_relative_to(tmp_path)
    assert default_data_dir().parts[-2:] == ("aetui", "data")


def test_it_is_quick_to_import() -> None:
    heavy = "{'torch', 'torchvision', 'numpy', 'httpx', 'PIL', 'textual'}"
    code = f"import sys, aetui.data.catalogue; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
