"""Any data set by name as uint8 tensors, fetched first where it is not here."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from aetui.data import generated
from aetui.data.archives import intact
from aetui.data.catalogue import SETS, Source
from aetui.data.cifar_files import read_cifar10
from aetui.data.download import Progress, fetch
from aetui.data.files import Cancelled, Decoding
from aetui.data.finding import Form, find
from aetui.data.folder import load_folder
from aetui.data.folder_listing import images_below
from aetui.data.images import DataSet, ImageSet
from aetui.data.mnist_files import read_mnist
from aetui.data.shards import ShardLister
from aetui.errors import AetuiError
from aetui.text import for_shell


def load(
    name: str,
    data_dir: Path,
    *,
    folder: Path | None = None,
    size: tuple[int, int, int] | None = None,
    test_share: float = 0.1,
    seed: int = 0,
    download: bool = True,
    on_progress: Callable[[Progress | Decoding], None],
    on_warning: Callable[[str], None],
    cancelled: Callable[[], bool],
) -> DataSet:
    """The data set `name` as images (N, C, H, W), uint8.

    `folder`, `size` and `test_share` are for the sets named `folder` and `shards`, whose decoded images are
    kept below `data_dir`. `seed` draws the generated images and the folder's test set. Raises `UsageError`,
    `DownloadError`, `Cancelled`, and `AetuiError` for a damaged file, without `download` also for a missing
    one.
    """
    if name in ("folder", "shards"):
        assert folder is not None, "a preset with a folder is checked to name it"
        assert size is not None, "a preset with a folder is checked to give its size"
        cache = data_dir / "folders"
        lister = ShardLister(cache, on_progress, cancelled)
        images = images_below if name == "folder" else lister.images
        return load_folder(
            *(folder, size, cache, test_share, seed, images),
            on_progress=on_progress,
            on_warning=on_warning,
            cancelled=cancelled,
        )
    if name in ("digits", "shapes"):
        return generated.digits(seed=seed) if name == "digits" else generated.shapes(seed=seed)
    source = SETS[name]
    found = find(source, data_dir)
    if found is None or found.form is Form.PACKED:
        _fetch(source, data_dir, download or found is not None, on_progress, cancelled)
        found = find(source, data_dir)
    assert found is not None, "it was fetched into the first place that is looked at"
    with _advised(source, data_dir):
        if name == "cifar10":
            return read_cifar10(source, found, on_warning, cancelled)
        return read_mnist(source, found, on_progress, on_warning, cancelled)


@contextlib.contextmanager
def _advised(source: Source, data_dir: Path) -> Iterator[None]:
    """Say of a damaged file, where nothing better is said, how to have it fetched again."""
    try:
        yield
    except AetuiError as error:
        if error.hint or isinstance(error, Cancelled):
            raise
        raise AetuiError(error.message, _again(source, data_dir)) from None


def to_device_if_fits(image_set: ImageSet, device: torch.device, share: float = 0.25) -> ImageSet:
    """The set on `device` if its images take at most `share` of that device's free memory.

    Otherwise, and on anything but CUDA, the set as it is.
    """
    if device.type != "cuda":
        return image_set
    free, _ = torch.cuda.mem_get_info(device)
    if image_set.images.nbytes > share * free:
        return image_set
    return ImageSet(image_set.images.to(device), image_set.labels.to(device))


def _fetch(
    source: Source,
    data_dir: Path,
    download: bool,
    on_progress: Callable[[Progress], None],
    cancelled: Callable[[], bool],
) -> None:
    """Fetch what is missing. A file that is there but damaged is an error: it may be the user's own."""
    damaged = [
        path
        for file in source.files
        if (path := data_dir / file.path).exists() and not intact(file, data_dir, cancelled)
    ]
    if damaged:
        raise AetuiError(
            f"{damaged[0]} is damaged: it does not have the known size and checksum", _again(source, data_dir)
        )
    if not download:
        raise AetuiError(
            f"{source.title} is not in {data_dir}.",
            f"Fetch it with: {_get(source, data_dir)}",
        )
    fetch(source, data_dir, on_progress=on_progress, cancelled=cancelled)


def _again(source: Source, data_dir: Path) -> str:
    return f"Fetch it again with: {_get(source, data_dir)}"


def _get(source: Source, data_dir: Path) -> str:
    """For a shell, whatever the folder's name is."""
    return f"aetui data get {source.name} --data {for_shell(data_dir)}"
