"""A user's own folder of images, decoded once into a file that is mapped into memory.

The file holds every image as uint8 (C, H, W), the train set first; its name says which files, sizes and
modification times it was made from, so a changed folder is read again. Sets larger than memory stream from
it.
"""

import contextlib
import errno
import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import torch
from pydantic import TypeAdapter

from aetui.data.files import Cancelled, Decoding, hold_lock, refuse_small_disk
from aetui.data.folder_listing import Images, ListedFile, images_below, list_folder
from aetui.data.imagefile import read_image, read_image_in
from aetui.data.images import DataSet, ImageSet, sum_of_some
from aetui.data.mapped import MappedImages
from aetui.errors import AetuiError, UsageError
from aetui.files import check_no_link, expanded, open_file, read_bounded, whole_file

FORMAT = 3  # of the cache; a new number makes old files unused
CHUNK = 32  # images between two looks at `cancelled`
NUMBER = re.compile(r"[0-9]{1,18}")
CACHE_NAME = r"[0-9a-f]{16}-[0-9a-f]{16}\.(images|json)(\.tmp)?"
BYTES_A_PLACE = 12  # of a file that was skipped, in the index
REPORT_SECONDS = 0.1
RETRIED = 20  # skipped files that are tried again at every start: memory may have been short
NAMED = 5  # that many of the skipped files are named


@dataclass(frozen=True)
class _Index:
    """What lies beside decoded images."""

    skipped: list[int]
    """Places in the list of files, of those that could not be decoded."""
    images_sum: str
    """Of some of the images, as they were written."""


_INDEX = TypeAdapter(_Index)


def load_folder(
    path: Path,
    size: tuple[int, int, int],
    cache_dir: Path,
    test_share: float,
    seed: int,
    images: Images = images_below,
    *,
    on_progress: Callable[[Decoding], None],
    on_warning: Callable[[str], None],
    cancelled: Callable[[], bool],
) -> DataSet:
    """The images of a folder as (N, C, H, W) with `size` = (C, H, W), C being 1 or 3.

    With `train/` and `test/` inside, these are the sets; otherwise `test_share` of the `images` in it, drawn
    by `seed`, is the test set. Classes are the first-level folders, or what a shard says. Files that cannot
    be read are skipped and reported to `on_warning`. Raises `UsageError` where nothing is left to train or
    test on, `AetuiError` where a file may be readable later or the cache cannot be written, `Cancelled`.
    """
    folder = expanded(path)
    train, test = list_folder(folder, test_share, seed, images)
    cache = _Cache(folder, size, cache_dir, train + test)
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        check_no_link(cache_dir)
        with hold_lock(cache.lock_path, cancelled, on_wait=lambda: None):
            skipped = cache.skipped(cancelled)
            if skipped is None:
                skipped = cache.fill(on_progress, cancelled)
                cache.sweep()
    except OSError as error:
        raise AetuiError(
            f"The decoded images of {folder} could not be written to {error.filename or cache_dir}: "
            f"{error.strerror or error}.",
            "Make room or mend the folder's permissions, or choose another folder with --data DIR.",
        ) from error
    if skipped:
        on_warning(_skipped_text([(train + test)[place].told for place in skipped], len(train + test)))
    return _data_set(folder, cache, train, test, skipped)


class _Cache:
    """The decoded images of one folder at one size: PREFIX-KEY.images beside an index PREFIX-KEY.json."""

    def __init__(
        self, folder: Path, size: tuple[int, int, int], cache_dir: Path, files: Sequence[ListedFile]
    ) -> None:
        resolved = str(folder.resolve())
        facts = [FORMAT, resolved, size, [(file.name, file.size, file.modified_ns) for file in files]]
        self.size = size
        self._folder, self._files = folder, files
        self._prefix, self._dir = _hash(resolved), cache_dir
        self._stem = f"{self._prefix}-{_hash(json.dumps(facts))}"
        self.lock_path = cache_dir / f"{self._prefix}.lock"
        self.images_path = cache_dir / f"{self._stem}.images"
        self._index_path = cache_dir / f"{self._stem}.json"

    @property
    def image_bytes(self) -> int:
        channels, height, width = self.size
        return channels * height * width

    def skipped(self, cancelled: Callable[[], bool]) -> list[int] | None:
        """Places of the files left out, or None where the cache is missing, damaged or can be better now."""
        try:
            most = (len(self._files) + 20) * BYTES_A_PLACE
            index = _INDEX.validate_json(read_bounded(self._index_path, most), strict=True)
            left = len(self._files) - len(index.skipped)
            places = set(index.skipped)
            whole = len(places) == len(index.skipped) and all(0 <= at < len(self._files) for at in places)
            if not whole or self._sum_of_images(left) != index.images_sum:
                return None
        except (OSError, ValueError):
            return None
        for place in index.skipped[:RETRIED]:
            if cancelled():
                raise Cancelled
            if self._decode(self._files[place]) is not None:
                return None
        return index.skipped

    def _sum_of_images(self, count: int) -> str:
        """Raises OSError, and ValueError where the file is not of so many images."""
        with open_file(self.images_path) as images:
            if os.fstat(images.fileno()).st_size != count * self.image_bytes:
                raise ValueError("not whole")
        return sum_of_some(MappedImages(self.images_path, count, self.size).images)

    def fill(self, on_progress: Callable[[Decoding], None], cancelled: Callable[[], bool]) -> list[int]:
        """Decode every file; returns the places of those that could not be."""
        needed = len(self._files) * self.image_bytes
        refuse_small_disk(f"{len(self._files)} decoded images of {self._folder}", needed, self._dir)
        with whole_file(self.images_path) as target:
            skipped = self._decode_into(target, on_progress, cancelled)
            if len(skipped) == len(self._files):
                raise UsageError(
                    f"None of the {len(self._files)} image files in {self._folder} could be read: "
                    f"{', '.join(file.told for file in self._files[:NAMED])}.",
                    "Check one of them with an image viewer.",
                )
        with whole_file(self._index_path) as target:
            target.write(
                _INDEX.dump_json(_Index(skipped, self._sum_of_images(len(self._files) - len(skipped))))
            )
        return skipped

    def _decode_into(
        self, target: BinaryIO, on_progress: Callable[[Decoding], None], cancelled: Callable[[], bool]
    ) -> list[int]:
        skipped, reported = [], 0.0
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1), "aetui-decode") as pool:
            for begin in range(0, len(self._files), CHUNK):
                if cancelled():
                    raise Cancelled
                if time.monotonic() - reported >= REPORT_SECONDS:
                    reported = time.monotonic()
                    on_progress(Decoding(begin, len(self._files)))
                files = self._files[begin : begin + CHUNK]
                for place, pixels in enumerate(pool.map(self._decode, files), begin):
                    if cancelled():
                        raise Cancelled
                    if pixels is None:
                        skipped.append(place)
                    else:
                        target.write(pixels)
        on_progress(Decoding(len(self._files), len(self._files)))
        return skipped

    def _decode(self, file: ListedFile) -> bytes | None:
        try:
            if file.offset is None:
                return read_image(file.path, self.size)
            return read_image_in(file.path, file.offset, file.size, self.size)
        except OSError as error:
            if error.errno in (None, errno.ENOENT, errno.ELOOP):  # Pillow's own, and links to nowhere
                return None
            raise _unreadable(file, str(error.strerror)) from None
        except MemoryError:
            raise _unreadable(file, "not enough memory") from None
        except Exception:  # Pillow's decoders raise nearly anything on damaged files
            return None

    def sweep(self) -> None:
        """Remove what earlier contents or sizes of the same folder left."""
        for path in self._dir.glob(f"{self._prefix}-*"):
            if re.fullmatch(CACHE_NAME, path.name) and not path.name.startswith(self._stem):
                with contextlib.suppress(OSError):
                    path.unlink()


def _unreadable(file: ListedFile, why: str) -> AetuiError:
    """For a reason that may pass: a run without this image could not go on with it."""
    return AetuiError(f"The image {file.path} cannot be read now: {why}", "mend that, or move it away")


def _data_set(
    folder: Path,
    cache: _Cache,
    train: Sequence[ListedFile],
    test: Sequence[ListedFile],
    skipped: Sequence[int],
) -> DataSet:
    broken = set(skipped)
    good_train = [file for place, file in enumerate(train) if place not in broken]
    good_test = [file for place, file in enumerate(test, len(train)) if place not in broken]
    _refuse_empty(folder, good_train, "train", len(broken))
    _refuse_empty(folder, good_test, "test", len(broken))
    classes = _classes([*good_train, *good_test])
    mapped = MappedImages(cache.images_path, len(good_train) + len(good_test), cache.size)
    split = len(good_train)
    return DataSet(
        title=folder.resolve().name,
        train=ImageSet(mapped.images[:split], _labels(good_train, classes), mapped.read_ahead),
        test=ImageSet(mapped.images[split:], _labels(good_test, classes)),
        classes=classes,
    )


def _classes(files: Sequence[ListedFile]) -> tuple[str, ...]:
    """In alphabetical order; those of shards, where they are numbers, by these."""
    found = {file.label for file in files}
    by_number = files[0].offset is not None and all(NUMBER.fullmatch(label) for label in found)
    return tuple(sorted(found, key=lambda label: (int(label) if by_number else 0, label)))


def _refuse_empty(folder: Path, files: Sequence[ListedFile], split: str, broken: int) -> None:
    if not files:
        raise UsageError(
            f"No image of the {split} set in {folder} could be read; {broken} files are damaged.",
            "Replace the damaged files, or add more images.",
        )


def _labels(files: Sequence[ListedFile], classes: Sequence[str]) -> torch.Tensor:
    index = {name: number for number, name in enumerate(classes)}
    return torch.tensor([index[file.label] for file in files], dtype=torch.int64)


def _skipped_text(skipped: Sequence[str], total: int) -> str:
    more = f" and {len(skipped) - NAMED} more" if len(skipped) > NAMED else ""
    return f"{len(skipped)} of {total} image files could not be read: {', '.join(skipped[:NAMED])}{more}."


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(errors="surrogateescape"), digest_size=8).hexdigest()
