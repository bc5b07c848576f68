"""A data set fetched from the first mirrors that work, into the places where torchvision's readers look.

Archives wait as `.part` files in `.partial/NAME` below the data folder; a later try goes on from them. They
are verified, unpacked and then removed, so that a file in its final place is always whole.
"""

import shutil
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from aetui.data.archives import BadArchive, has_checksum, intact, unpack
from aetui.data.catalogue import Archive, Source
from aetui.data.files import hold_lock, refuse_small_disk
from aetui.data.finding import size_of
from aetui.data.transfer import Address, Limits, TransferError, receive
from aetui.errors import AetuiError
from aetui.files import check_no_link
from aetui.text import format_bytes

TRIES = 3  # of one mirror, as long as each gets further than the one before
REPORT_SECONDS = 0.1
SPEED_SECONDS = 3.0  # the speed is the mean over this time


class DownloadError(AetuiError):
    """A data set that could not be fetched: what, from where, and why each host failed.

    `twin` is the generated set of the same size.
    """

    def __init__(self, message: str, hint: str, twin: str) -> None:
        super().__init__(message, hint)
        self.twin = twin


@dataclass(frozen=True)
class Progress:
    """How far a download has come. Bytes count the archives of the set that were missing, compressed."""

    host: str
    """Who sends; `another process` while one that fetches the same set is waited for, `this machine` for a
    file put there by hand."""
    file: str
    received_bytes: int
    total_bytes: int
    bytes_per_second: float

    @property
    def sentence(self) -> str:
        """What a person waits for: how much of what, from where, how fast."""
        size = f"{format_bytes(self.received_bytes)} of {format_bytes(self.total_bytes)}"
        return f"downloading from {self.host}: {size}, {format_bytes(self.bytes_per_second)}/s"


def fetch(
    source: Source,
    data_dir: Path,
    *,
    on_progress: Callable[[Progress], None],
    cancelled: Callable[[], bool],
    client: httpx.Client | None = None,
    limits: Limits | None = None,
) -> None:
    """Fetch what is missing or damaged of a set; nothing is asked of the network if all of it is intact.

    An archive that lies in its place already, put there by hand, is taken instead of a download.
    Raises `DownloadError`, `AetuiError` for a full disk, and `Cancelled`; then no file is half in place, and
    the next call goes on from the `.part` files.
    """
    if not _missing(source, data_dir, cancelled):
        return
    parts = data_dir / ".partial" / source.name
    meter = _Meter(source, on_progress)
    try:
        parts.parent.mkdir(parents=True, exist_ok=True)
        check_no_link(parts.parent)
        with hold_lock(parts.with_suffix(".lock"), cancelled, meter.wait_for_other_process):
            missing = _missing(source, data_dir, cancelled)
            parts.mkdir(exist_ok=True)
            check_no_link(parts)
            refuse_small_disk(source.title, _needed_bytes(missing, parts), data_dir)
            meter.total = sum(archive.size for archive in missing)
            job = _Job(source, data_dir, parts, meter, cancelled, client, limits or Limits())
            for archive in missing:
                job.fetch(archive, missing)
            shutil.rmtree(parts, ignore_errors=True)
    except OSError as error:
        raise DownloadError(
            f"{source.title} could not be written to {error.filename or data_dir}: "
            f"{error.strerror or error}.",
            "Make room or mend the folder's permissions, or choose another folder with --data DIR.",
            source.twin,
        ) from error


@dataclass(frozen=True)
class _Job:
    source: Source
    data_dir: Path
    parts: Path
    meter: "_Meter"
    cancelled: Callable[[], bool]
    client: httpx.Client | None
    limits: Limits

    def fetch(self, archive: Archive, missing: list[Archive]) -> None:
        """Put one archive's files in place, from the first of the possible places that has it."""
        if self._unpack_by_hand(archive):
            return
        failures = []
        for mirror in self.source.mirrors:
            host = urlsplit(mirror).hostname or mirror
            try:
                self._fetch_from(mirror, host, archive)
                return
            except (TransferError, BadArchive) as error:
                failures.append(f"{host}: {error}")
        raise DownloadError(
            f"{self.source.title} could not be downloaded ({archive.name}). {'; '.join(failures)}.",
            f"Put {_listed([each.name for each in missing])} into {(self.data_dir / archive.path).parent} "
            "by hand, name the folder that has them with --data, or, in a new run, take the generated set of "
            f"the same size: --set data.name={self.source.twin}",
            self.source.twin,
        )

    def _unpack_by_hand(self, archive: Archive) -> bool:
        packed = self.data_dir / archive.path
        if size_of(packed) != archive.size or not has_checksum(packed, archive.checksum, self.cancelled):
            return False
        self.meter.begin("this machine", archive)
        unpack(archive, packed, self.data_dir, self.cancelled)
        self.meter.finish(archive)
        return True

    def _fetch_from(self, mirror: str, host: str, archive: Archive) -> None:
        part = self.parts / f"{archive.name}.part"
        address = Address(mirror + archive.name, self.source.hosts, self.client, self.limits)
        self.meter.begin(host, archive)
        resumed = size_of(part) > 0
        self._receive_whole(address, part, archive)
        if resumed and not has_checksum(part, archive.checksum, self.cancelled):
            part.unlink()  # the damage may be in what was there before
            self._receive_whole(address, part, archive)
        try:
            if not has_checksum(part, archive.checksum, self.cancelled):
                raise BadArchive("it has the wrong checksum")
            unpack(archive, part, self.data_dir, self.cancelled)
        except BadArchive:
            part.unlink()
            raise
        part.unlink()
        self.meter.finish(archive)

    def _receive_whole(self, address: Address, part: Path, archive: Archive) -> None:
        for tries_left in reversed(range(TRIES)):
            before = size_of(part)
            try:
                receive(address, part, archive.size, on_bytes=self.meter.update, cancelled=self.cancelled)
                return
            except TransferError:
                if not tries_left or size_of(part) <= before:
                    raise


class _Meter:
    """Turns lengths of `.part` files into `Progress`, a few times a second."""

    def __init__(self, source: Source, report: Callable[[Progress], None]) -> None:
        self.total = source.download_bytes
        self._title = source.title
        self._report = report
        self._host = self._file = ""
        self._done = 0
        self._reported = 0.0
        self._samples: deque[tuple[float, int]] = deque()

    def wait_for_other_process(self) -> None:
        self._report(Progress("another process", self._title, 0, self.total, 0.0))

    def begin(self, host: str, archive: Archive) -> None:
        self._host, self._file = host, archive.name
        self._samples.clear()
        self._send(0)

    def update(self, received: int) -> None:
        now = time.monotonic()
        if self._samples and received < self._samples[-1][1]:
            self._samples.clear()
        self._samples.append((now, received))
        while now - self._samples[0][0] > SPEED_SECONDS:
            self._samples.popleft()
        if now - self._reported >= REPORT_SECONDS:
            self._send(received)

    def finish(self, archive: Archive) -> None:
        self._file = archive.name
        self._done += archive.size
        self._send(0)

    def _send(self, received: int) -> None:
        self._reported = time.monotonic()
        self._report(Progress(self._host, self._file, self._done + received, self.total, self._speed()))

    def _speed(self) -> float:
        if len(self._samples) < 2:
            return 0.0
        (first, start), (last, end) = self._samples[0], self._samples[-1]
        return (end - start) / max(last - first, 1e-3)


def _missing(source: Source, data_dir: Path, cancelled: Callable[[], bool]) -> list[Archive]:
    return [
        archive
        for archive in source.archives
        if not all(intact(file, data_dir, cancelled) for file in archive.files)
    ]


def _needed_bytes(missing: list[Archive], parts: Path) -> int:
    packed = sum(archive.size - size_of(parts / f"{archive.name}.part") for archive in missing)
    return packed + sum(file.size for archive in missing for file in archive.files)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
