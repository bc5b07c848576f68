"""One file from one https address into a `.part` file that a later try goes on from.

A thread of its own talks to the network and hands over what arrives, so that nothing the network does, a name
server that does not answer included, can keep the caller from being cancelled.
"""

import contextlib
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import httpx

from aetui.data.files import POLL_SECONDS, Cancelled
from aetui.files import delete, open_file

QUEUED_CHUNKS = 16  # at most this many are in memory


@dataclass(frozen=True)
class Limits:
    """How patient a download is."""

    connect_seconds: float = 10.0
    read_seconds: float = 20.0
    """Without a single byte."""
    stall_seconds: float = 30.0
    stall_bytes: int = 32 * 1024
    """A host that sends fewer bytes than that in `stall_seconds` is given up."""
    redirects: int = 5


@dataclass(frozen=True)
class Offset:
    """Where in the file the bytes that follow begin: what was asked for, or 0 from a server without Range."""

    start: int


Item = Offset | bytes | Exception | None
"""What the network thread hands over: first the offset, then chunks; None at the end."""


class TransferError(Exception):
    """Why an address did not deliver; the message completes 'host: …'."""


class Address:
    """An https address, the hosts it may redirect to, and the client that asks (None: one of its own)."""

    def __init__(self, url: str, hosts: tuple[str, ...], client: httpx.Client | None, limits: Limits) -> None:
        self.url = httpx.URL(url)
        self.hosts = hosts
        self.client = client
        self.limits = limits

    def stream(self, start: int) -> Iterator[Item]:
        """Yield the offset the server sends from, then bytes. Raises `TransferError`, httpx.HTTPError."""
        own = httpx.Client() if self.client is None else contextlib.nullcontext(self.client)
        with own as client, contextlib.closing(self._open(client, start)) as response:
            offset = _offset(response, start)
            yield Offset(offset)
            for number, chunk in enumerate(response.iter_raw()):
                if number == 0 and offset == 0:
                    _refuse_other_than_gzip(response, chunk)
                yield chunk

    def _open(self, client: httpx.Client, start: int) -> httpx.Response:
        limits, url = self.limits, self.url
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        timeout = httpx.Timeout(limits.read_seconds, connect=limits.connect_seconds)
        for _ in range(limits.redirects + 1):
            self._refuse_unlisted(url)
            request = client.build_request("GET", url, headers=headers, timeout=timeout)
            response = client.send(request, stream=True, follow_redirects=False)
            if response.next_request is None:
                return response
            response.close()
            url = response.next_request.url
        raise TransferError(f"it redirects more than {limits.redirects} times")

    def _refuse_unlisted(self, url: httpx.URL) -> None:
        if url.scheme != "https":
            raise TransferError(f"it leads to {url.scheme}://{url.host}, which is not https")
        if url.host not in self.hosts:
            raise TransferError(f"it leads to {url.host}, a host that is not on the list")


def receive(
    address: Address,
    part: Path,
    size: int,
    *,
    on_bytes: Callable[[int], None],
    cancelled: Callable[[], bool],
) -> None:
    """Bring `part` up to `size` bytes, going on from what it holds; `on_bytes` is called with its length.

    Raises `TransferError`, `Cancelled` and OSError, also where `part` is a link or has a second name; what
    has arrived stays in `part`, an empty one goes.
    """
    items: queue.Queue[Item] = queue.Queue(QUEUED_CHUNKS)
    stop = threading.Event()
    with open_file(part, os.O_RDWR | os.O_APPEND | os.O_CREAT) as file:
        file.seek(0, os.SEEK_END)
        if file.tell() > size:
            _cut(file, 0)
        if file.tell() == size:
            return
        stream = address.stream(file.tell())
        threading.Thread(target=_pump, args=(stream, items, stop), name="aetui-download", daemon=True).start()
        try:
            _write(_arrivals(items, address.limits, cancelled), file, size, on_bytes)
        finally:
            stop.set()
            if file.tell() == 0:
                delete(part)


def _write(
    arrivals: Iterator[Offset | bytes], file: BinaryIO, size: int, on_bytes: Callable[[int], None]
) -> None:
    for item in arrivals:
        if isinstance(item, Offset):
            _cut(file, item.start)
        else:
            file.write(item)
            file.flush()
        on_bytes(file.tell())
        if file.tell() > size:
            _cut(file, 0)
            raise TransferError(f"it sent more than the expected {size} bytes")
    if file.tell() < size:
        raise TransferError(f"the connection ended after {file.tell()} of {size} bytes")


def _cut(file: BinaryIO, size: int) -> None:
    file.seek(size)
    file.truncate()


def _arrivals(
    items: queue.Queue[Item], limits: Limits, cancelled: Callable[[], bool]
) -> Iterator[Offset | bytes]:
    """What the network thread hands over, as long as it is neither cancelled nor too slow."""
    window_end, arrived = time.monotonic() + limits.stall_seconds, 0
    while True:
        if cancelled():
            raise Cancelled
        if time.monotonic() >= window_end:
            if arrived < limits.stall_bytes:
                raise TransferError(f"it sent only {arrived} bytes in {limits.stall_seconds:g} s")
            window_end, arrived = time.monotonic() + limits.stall_seconds, 0
        try:
            item = items.get(timeout=POLL_SECONDS)
        except queue.Empty:
            continue
        if item is None:
            return
        if isinstance(item, Exception):
            raise item
        arrived += len(item) if isinstance(item, bytes) else 0
        yield item


def _pump(stream: Iterator[Item], items: queue.Queue[Item], stop: threading.Event) -> None:
    """The network thread: puts everything `stream` yields, then None, or what went wrong."""
    try:
        for item in stream:
            if not _put(item, items, stop):
                return
        _put(None, items, stop)
    except httpx.HTTPError as error:
        _put(TransferError(_reason(error)), items, stop)
    except Exception as error:  # raised again in the caller's thread
        _put(error, items, stop)


def _put(item: Item, items: queue.Queue[Item], stop: threading.Event) -> bool:
    while not stop.is_set():
        with contextlib.suppress(queue.Full):
            items.put(item, timeout=POLL_SECONDS)
            return True
    return False


def _offset(response: httpx.Response, start: int) -> int:
    if response.status_code == httpx.codes.OK:
        return 0
    if response.status_code != httpx.codes.PARTIAL_CONTENT:
        raise TransferError(f"it answered {response.status_code} {response.reason_phrase}".rstrip())
    if not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
        raise TransferError("it sent another part of the file than the one asked for")
    return start


def _refuse_other_than_gzip(response: httpx.Response, first: bytes) -> None:
    if first.startswith(b"\x1f"):
        return
    page = "text/html" in response.headers.get("Content-Type", "") or first.lstrip().startswith(b"<")
    raise TransferError(f"it sent {'a web page' if page else 'something else'} instead of the file")


def _reason(error: httpx.HTTPError) -> str:
    if isinstance(error, httpx.ConnectTimeout):
        return "no connection in time"
    if isinstance(error, httpx.ConnectError):
        return f"no connection ({error})"
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    return f"the connection broke ({error or type(error).__name__})"
