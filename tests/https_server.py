"""A scripted https server on 127.0.0.1 and small data sets to fetch from it."""

import gzip
import hashlib
import http.server
import io
import random
import re
import ssl
import tarfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import trustme

from aetui.data.catalogue import Archive, DataFile, Source

Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


@dataclass
class ScriptedServer:
    """Answers each path with the next of its script; the last answer is repeated."""

    url: str
    client: httpx.Client
    ca_file: Path
    released: threading.Event
    """Set it to let answers that hold the connection end."""
    scripts: dict[str, list[Answer]] = field(default_factory=dict)
    requests: list[tuple[str, str]] = field(default_factory=list)
    """Path and Range header of every request."""
    asked: threading.Event = field(default_factory=threading.Event)
    """Set once there is a request."""

    def script(self, path: str, *answers: Answer) -> None:
        self.scripts[path] = list(answers)

    def hold_after(self, data: bytes, count: int) -> Answer:
        """Send `count` bytes, then nothing until released."""

        def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
            _head(handler, 200, len(data))
            handler.wfile.write(data[:count])
            handler.wfile.flush()
            self.released.wait(60)
            handler.wfile.write(data[count:])

        return answer


def file_answer(data: bytes) -> Answer:
    """The file, or from `Range: bytes=N-` on."""

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        start = int(asked[1]) if asked else 0
        span = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if asked else {}
        _head(handler, 206 if asked else 200, len(data) - start, **span)
        handler.wfile.write(data[start:])

    return answer


def body_answer(data: bytes, status: int = 200, drop_at: int | None = None, **headers: str) -> Answer:
    """These bytes whatever Range asks for; with `drop_at` the connection ends there."""

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        _head(handler, status, len(data), **headers)
        handler.wfile.write(data[:drop_at])
        handler.close_connection = True

    return answer


def redirect_answer(target: str) -> Answer:
    return body_answer(b"", 302, Location=target)


def _head(handler: http.server.BaseHTTPRequestHandler, status: int, length: int, **headers: str) -> None:
    handler.send_response(status)
    for name, value in {"Content-Length": str(length), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScriptedServer]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            scripted.asked.set()
            scripted.requests.append((self.path, self.headers.get("Range", "")))
            answers = scripted.scripts.get(self.path, [body_answer(b"", 404)])
            (answers.pop(0) if len(answers) > 1 else answers[0])(self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Listener(http.server.ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """Clients hang up on purpose."""

    authority = trustme.CA()
    ca_file = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(server_context)
    listener = Listener(("127.0.0.1", 0), Handler)
    listener.socket = server_context.wrap_socket(
        listener.socket, server_side=True, do_handshake_on_connect=False
    )
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    with httpx.Client(verify=ssl.create_default_context(cafile=str(ca_file))) as client:
        url = f"https://127.0.0.1:{listener.server_address[1]}"
        scripted = ScriptedServer(url, client, ca_file, threading.Event())
        yield scripted
        scripted.released.set()
    listener.shutdown()
    listener.server_close()
    thread.join()


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


CONTENTS = random.Random(0).randbytes(300_000)
PACKED = gzip.compress(CONTENTS, mtime=0)


@pytest.fixture
def source(server: ScriptedServer) -> Source:
    """One gzipped file that two mirrors are said to have, at /one/ and /two/."""
    file = DataFile("Set/raw/images", len(CONTENTS), sha256(CONTENTS))
    archive = Archive("Set/raw/images.gz", len(PACKED), sha256(PACKED), (file,))
    return _source(server, archive)


def tar_source(server: ScriptedServer, members: dict[str, bytes | str]) -> tuple[Source, bytes]:
    """A set of one file, `batches/data`, in a tar of `members`: contents, or where a link points."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            if isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
                tar.addfile(info)
            else:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    packed = buffer.getvalue()
    file = DataFile("batches/data", len(CONTENTS), sha256(CONTENTS))
    return _source(server, Archive("set.tar.gz", len(packed), sha256(packed), (file,))), packed


def _source(server: ScriptedServer, archive: Archive) -> Source:
    return Source(
        name="little",
        title="Little Set",
        size=(1, 28, 28),
        classes=("a", "b"),
        train_count=2,
        test_count=2,
        twin="digits",
        mirrors=(f"{server.url}/one/", f"{server.url}/two/"),
        archives=(archive,),
    )
