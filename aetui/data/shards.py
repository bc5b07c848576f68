"""Images in tar shards, as WebDataset writes them: https://github.com/webdataset/webdataset.

A shard is read where it lies, by the headers of its members: nothing is unpacked, and besides images only
what says a class is looked into. What was found is kept beside the decoded images, as a million headers take
a minute.
"""

import contextlib
import hashlib
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, BinaryIO, Self

from pydantic import Field, TypeAdapter

from aetui.data.files import Cancelled, Decoding
from aetui.data.folder_listing import SHARD, SINGLE_CLASS, SUFFIXES, ListedFile, files_below
from aetui.errors import UsageError
from aetui.files import check_holes, check_no_link, open_file, read_bounded, write_whole

CLASS = ".cls"
"""How the names of members end that have the class of their sample as text."""
MOST_CLASS_BYTES = 100
LARGE_BYTES = 100_000_000
LARGEST_LISTING = 10**9
EXTENSIONS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
"""Types of headers that hold more of a member's header."""
MOST_EXTENSION_BYTES = 10_000
"""Of one, for names and attributes; tarfile's time grows with the square of it (CVE-2024-6232)."""
SPARSE = "a member is sparse (tar --sparse)"
"""Its list of holes may be of any length, and tarfile keeps all of it."""
MOST_GLOBAL = 1000
"""Attributes of an archive, which tarfile goes through at every member."""
Bytes = Annotated[int, Field(ge=0, lt=2**63)]
Member = tuple[str, str, Bytes, Bytes]
"""An image in a shard: its name, its class or "", how many bytes it has and where they begin."""
Facts = tuple[str, int, int]
"""Of a shard: its name, its size and when it was modified, in nanoseconds."""


@dataclass(frozen=True)
class _Listing:
    shards: list[Facts]
    members: list[list[Member]]
    """Of each shard."""


_LISTING = TypeAdapter(_Listing)


class ShardLister:
    """Lists the images in the shards of a folder; what it found in them is kept in `cache_dir`."""

    def __init__(
        self, cache_dir: Path, on_progress: Callable[[Decoding], None], cancelled: Callable[[], bool]
    ) -> None:
        self._cache_dir = cache_dir
        self._on_progress = on_progress
        self._cancelled = cancelled

    def images(self, root: Path, folder: Path) -> list[ListedFile]:
        """Every image in the shards below `root`, in the order of their names.

        Raises UsageError where there is no shard, or a damaged one, and Cancelled.
        """
        paths = sorted(path for path in files_below(root) if path.suffix.lower() == SHARD)
        if not paths:
            raise UsageError(f"There are no shards in {root}.", f"Looked for *{SHARD} in all folders.")
        shards = [_facts(path, folder) for path in paths]
        members = self._kept(root, shards)
        if members is None:
            members = list(self._read(paths))
            self._keep(root, _Listing(shards, members))
        return [
            ListedFile(path, f"{shard}/{name}", label or _folder_of(path, root), size, modified, offset)
            for path, (shard, _, modified), found in zip(paths, shards, members, strict=True)
            for name, label, size, offset in found
        ]

    def _read(self, paths: list[Path]) -> Iterator[list[Member]]:
        for number, path in enumerate(paths):
            if self._cancelled():
                raise Cancelled
            self._on_progress(Decoding(number, len(paths), "shards"))
            yield members_of(path, self._cancelled)

    def _kept(self, root: Path, shards: list[Facts]) -> list[list[Member]] | None:
        """What was found before, where the shards are the same."""
        most = min(LARGEST_LISTING, sum(size for _, size, _ in shards))  # an image's header alone is longer
        try:
            listing = _LISTING.validate_json(read_bounded(self._place(root), most))
        except (OSError, ValueError):
            return None
        same = listing.shards == shards and len(listing.members) == len(shards)
        return listing.members if same else None

    def _keep(self, root: Path, listing: _Listing) -> None:
        """For the next time, where that can be written: not names that are no UTF-8."""
        with contextlib.suppress(OSError, ValueError):
            self._cache_dir.mkdir(parents=True, exist_ok=True)
            check_no_link(self._cache_dir)
            write_whole(self._place(root), _LISTING.dump_json(listing))

    def _place(self, root: Path) -> Path:
        name = str(root.resolve()).encode(errors="surrogateescape")
        return self._cache_dir / f"{hashlib.blake2b(name, digest_size=8).hexdigest()}.shards"


def _facts(path: Path, folder: Path) -> Facts:
    try:
        found = path.stat()
    except OSError as error:  # a link to nowhere
        raise _refused(path, str(error.strerror)) from None
    return path.relative_to(folder).as_posix(), found.st_size, found.st_mtime_ns


def _refused(path: Path, why: str) -> UsageError:
    return UsageError(
        f"The shard {path} cannot be read: {why}.", "Shards are tar files that are not compressed."
    )


def members_of(path: Path, cancelled: Callable[[], bool] = lambda: False) -> list[Member]:
    """The images in a shard, as they lie in it; of several of one name it is the last, as unpacked.

    Raises UsageError for a shard that is damaged or compressed, and Cancelled.
    """
    images: dict[str, tuple[int, int]] = {}
    classes: dict[str, str] = {}
    try:
        check_holes(path, LARGE_BYTES)
        with open_file(path, linked=True) as file:
            for member in _headers(file, cancelled):
                suffix = PurePosixPath(member.name).suffix.lower()
                if suffix in SUFFIXES and not member.issparse():
                    images[member.name] = member.size, member.offset_data
                elif suffix == CLASS and member.size <= MOST_CLASS_BYTES:
                    file.seek(member.offset_data)
                    said = file.read(member.size).decode(errors="backslashreplace")
                    classes[_sample(member.name)] = said.strip()
    except RecursionError:
        raise _refused(path, "it has a header of headers of headers") from None
    except (tarfile.TarError, ValueError, OSError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise _refused(path, str(why)) from None
    return [
        (name, classes.get(_sample(name)) or _first_folder(name), size, offset)
        for name, (size, offset) in images.items()
    ]


class _Header(tarfile.TarInfo):
    """A member's, refused where tarfile would go back in the archive or take for ever."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        header = super().frombuf(buf, encoding, errors)
        if header.size < 0:
            raise ValueError("a member has a negative size")
        if header.type in EXTENSIONS and header.size > MOST_EXTENSION_BYTES:
            raise ValueError(f"a header is longer than {MOST_EXTENSION_BYTES:,} bytes")
        if header.type == tarfile.GNUTYPE_SPARSE:
            raise ValueError(SPARSE)
        return header

    def _proc_gnusparse_10(self, *_: object) -> None:
        """What tarfile does at a list of holes in front of a member's content."""
        raise ValueError(SPARSE)


def _headers(file: BinaryIO, cancelled: Callable[[], bool]) -> Iterator[tarfile.TarInfo]:
    """Of all regular files in an archive. Raises TarError, Cancelled, and ValueError for damage within."""
    with tarfile.open(fileobj=file, mode="r:", tarinfo=_Header) as archive:
        end = 0
        while member := archive.next():
            archive.members.clear()  # type: ignore[attr-defined]  # it would keep all
            if cancelled():
                raise Cancelled
            if len(archive.pax_headers) > MOST_GLOBAL:
                raise ValueError(f"it has more than {MOST_GLOBAL:,} attributes")
            if member.size < 0 or member.offset < end or archive.offset <= member.offset:
                raise ValueError("its members overlap")
            end = member.offset_data + member.size
            if member.isreg():
                yield member
        file.seek(archive.offset)
        behind = file.read(tarfile.BLOCKSIZE)
        if not behind:
            raise ValueError("it ends without an archive's end: it was cut, or is being written")
        if behind.strip(b"\0"):  # tarfile takes what is no header for the end
            raise ValueError(f"it is damaged from byte {archive.offset:,} on")


def _sample(name: str) -> str:
    """What the names of a sample's files have in common: all before the first dot behind the last slash."""
    folder, slash, last = name.rpartition("/")
    return folder + slash + (last.partition(".")[0] or last)


def _first_folder(name: str) -> str:
    """In the shard: the class where no member says it."""
    first, slash, _ = name.removeprefix("./").partition("/")
    return first if slash else ""


def _folder_of(path: Path, root: Path) -> str:
    """That a shard lies in: the class where nothing in it says one."""
    parts = path.relative_to(root).parts
    return parts[0] if len(parts) > 1 else SINGLE_CLASS
