"""Images in a file that is mapped into memory, and may be larger than it."""

import contextlib
import mmap
from pathlib import Path

import torch

from aetui.files import open_file


class MappedImages:
    """`images` (N, C, H, W), uint8, paged in from disk as they are used; never written back.

    Raises OSError where the file cannot be read.
    """

    def __init__(self, path: Path, count: int, size: tuple[int, int, int]) -> None:
        with open_file(path) as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        self.images = torch.frombuffer(self._map, dtype=torch.uint8).view(count, *size)

    def read_ahead(self, indices: torch.Tensor) -> None:
        """Ask the disk for these images now, all at once, so that they are in memory when they are used.

        Otherwise each waits for its own pages, one after the other: where memory holds a third of the images,
        an epoch took four times as long (docs/benchmarks.md).
        """
        image_bytes = self.images[0].nbytes
        for index in indices.tolist():
            begin = index * image_bytes
            page = begin - begin % mmap.PAGESIZE
            with contextlib.suppress(OSError):  # a disk too busy to be asked
                self._map.madvise(mmap.MADV_WILLNEED, page, begin + image_bytes - page)
