"""Fetching data sets from servers that behave and servers that do not."""

import gzip
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from fetching import HALF, ONE, TWO, failure, leftovers, run
from https_server import (
    CONTENTS,
    PACKED,
    ScriptedServer,
    body_answer,
    file_answer,
    redirect_answer,
)

from aetui.data.catalogue import SETS, Source
from aetui.data.download import DownloadError, Progress, fetch
from aetui.data.files import Cancelled
from aetui.data.transfer import Limits
from aetui.errors import AetuiError


def test_a_good_server(server: ScriptedServer, source: Source, tmp_path: Path) -> None:
    server.script(ONE, file_answer(PACKED))
    parts = tmp_path / ".partial" / "little"
    parts.mkdir(parents=True)
    (parts / "of-an-older-catalogue.gz.part").write_bytes(b"x")
    seen = run(server, source, tmp_path)
    assert not parts.exists()
    assert (tmp_path / "Set/raw/images").read_bytes() == CONTENTS
    assert leftovers(tmp_path) == []
    assert server.requests == [(ONE, "")]
    assert seen[0] == Progress("127.0.0.1", "images.gz", 0, len(PACKED), 0.0)
    assert seen[-1].received_bytes == seen[-1].total_bytes == len(PACKED)
    assert all(progress.bytes_per_second >= 0 for progress in seen)


def test_nothing_is_asked_when_all_is_intact(server: ScriptedServer, source: Source, tmp_path: Path) -> None:
    (tmp_path / "Set/raw").mkdir(parents=True)
    (tmp_path / "Set/raw/images").write_bytes(CONTENTS)
    assert run(server, source, tmp_path) == []
    assert server.requests == []
    assert [path.name for path in tmp_path.iterdir()] == ["Set"]


def test_a_flipped_bit_in_place_is_mended(server: ScriptedServer, source: Source, tmp_path: Path) -> None:
    (tmp_path / "Set/raw").mkdir(parents=True)
    (tmp_path / "Set/raw/images").write_bytes(bytes([CONTENTS[0] ^ 1]) + CONTENTS[1:])
    server.script(ONE, file_answer(PACKED))
    run(server, source, tmp_path)
    assert (tmp_path / "Set/raw/images").read_bytes() == CONTENTS


def test_an_archive_put_there_by_hand_is_taken(
    server: ScriptedServer, source: Source, tmp_path: Path
) -> None:
    (tmp_path / "Set/raw").mkdir(parents=True)
    (tmp_path / "Set/raw/images.gz").write_bytes(PACKED)
    run(server, source, tmp_path)
    assert (tmp_path / "Set/raw/images").read_bytes() == CONTENTS
    assert server.requests == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (body_answer(b"", 403), "it answered 403 Forbidden"),
        (body_answer(b"", 404), "it answered 404 Not Found"),
        (body_answer(b"<html>Log in</html>"), "it sent a web page instead of the file"),
        (body_answer(b"Log in", **{"Content-Type": "text/html"}), "it sent a web page instead of the file"),
        (body_answer(b"no such thing"), "it sent something else instead of the file"),
        (file_answer(gzip.compress(b"another").ljust(len(PACKED), b"\0")), "it has the wrong checksum"),
        (body_answer(PACKED + b"more"), f"it sent more than the expected {len(PACKED)} bytes"),
        (file_answer(PACKED[:HALF]), f"the connection ended after {HALF} of {len(PACKED)} bytes"),
        (redirect_answer(ONE), "it redirects more than 5 times"),
        (redirect_answer("http://127.0.0.1/images.gz"), "it leads to http://127.0.0.1, which is not https"),
        (
            redirect_answer("https://elsewhere.invalid/"),
            "it leads to elsewhere.invalid, a host that is not on",
        ),
    ],
)
def test_a_bad_mirror(
    server: ScriptedServer, source: Source, tmp_path: Path, answer: Callable, reason: str
) -> None:
    server.script(ONE, answer)
    single = replace(source, mirrors=source.mirrors[:1])
    error = failure(server, single, tmp_path)
    assert f"Little Set could not be downloaded (images.gz). 127.0.0.1: {reason}" in error.message
    assert f"Put images.gz into {tmp_path / 'Set/raw'} by hand" in error.hint
    assert "--set data.name=digits" in error.hint

    server.script(TWO, file_answer(PACKED))
    run(server, source, tmp_path)
    assert (tmp_path / "Set/raw/images").read_bytes() == CONTENTS, "the second mirror works"
    assert leftovers(tmp_path) == []


def test_every_failing_mirror_is_named(server: ScriptedServer, source: Source, tmp_path: Path) -> None:
    server.script(ONE, body_answer(b"", 403))
    both = replace(
        source, mirrors=(f"{server.url}/one/", f"{server.url}/two/".replace("127.0.0.1", "localhost"))
    )
    error = failure(server, both, tmp_path)
    assert "127.0.0.1: it answered 403 Forbidden; localhost: it answered 404 Not Found." in error.message


def test_no_server_at_all(server: ScriptedServer, source: Source, tmp_path: Path) -> None:
    nowhere = replace(source, mirrors=("https://127.0.0.1:1/",))
    assert "127.0.0.1: no connection (" in failure(server, nowhere, tmp_path).message


def test_an_unknown_certificate_is_refused(server: ScriptedServer, source: Source, tmp_path: Path) -> None:
    server.script(ONE, file_answer(PACKED))
    with pytest.raises(DownloadError, match="CERTIFICATE_VERIFY_FAILED"):
        fetch(source, tmp_path, on_progress=lambda progress: None, cancelled=lambda: False)
    assert server.requests == []


def test_a_mirror_over_plain_http_is_refused(server: ScriptedServer, source: Source, tmp_path: Path) -> None:
    plain = replace(source, mirrors=(server.url.replace("https", "http") + "/one/",))
    assert "not https" in failure(server, plain, tmp_path).message


def test_a_redirect_to_a_listed_host(server: ScriptedServer, source: Source, tmp_path: Path) -> None:
    server.script(ONE, redirect_answer("/moved/images.gz"))
    server.script("/moved/images.gz", file_answer(PACKED))
    run(server, source, tmp_path)
    assert (tmp_path / "Set/raw/images").read_bytes() == CONTENTS


def test_a_dropped_connection_is_gone_on_from(server: ScriptedServer, source: Source, tmp_path: Path) -> None:
    server.script(ONE, body_answer(PACKED, drop_at=HALF), file_answer(PACKED))
    run(server, source, tmp_path)
    assert server.requests == [(ONE, ""), (ONE, f"bytes={HALF}-")]
    assert (tmp_path / "Set/raw/images").read_bytes() == CONTENTS


def test_a_server_without_range_starts_over(server: ScriptedServer, source: Source, tmp_path: Path) -> None:
    server.script(ONE, body_answer(PACKED, drop_at=HALF), body_answer(PACKED))
    run(server, source, tmp_path)
    assert server.requests == [(ONE, ""), (ONE, f"bytes={HALF}-")]
    assert (tmp_path / "Set/raw/images").read_bytes() == CONTENTS


def test_another_mirror_goes_on_from_what_is_there(
    server: ScriptedServer, source: Source, tmp_path: Path
) -> None:
    server.script(ONE, body_answer(PACKED, drop_at=HALF), body_answer(b"", 503))
    server.script(TWO, file_answer(PACKED))
    run(server, source, tmp_path)
    assert server.requests[-1] == (TWO, f"bytes={HALF}-")


def test_a_damaged_part_is_thrown_away(server: ScriptedServer, source: Source, tmp_path: Path) -> None:
    (tmp_path / ".partial/little").mkdir(parents=True)
    (tmp_path / ".partial/little/images.gz.part").write_bytes(b"\0" * HALF)
    server.script(ONE, file_answer(PACKED))
    run(server, source, tmp_path)
    assert server.requests == [(ONE, f"bytes={HALF}-"), (ONE, "")]
    assert (tmp_path / "Set/raw/images").read_bytes() == CONTENTS


def test_a_silent_server_is_given_up(server: ScriptedServer, source: Source, tmp_path: Path) -> None:
    server.script(ONE, server.hold_after(PACKED, HALF))
    server.script(TWO, file_answer(PACKED))
    run(server, source, tmp_path)
    assert [path for path, _ in server.requests] == [ONE, ONE, TWO]


def test_a_dripping_server_is_given_up(server: ScriptedServer, source: Source, tmp_path: Path) -> None:
    server.script(ONE, server.hold_after(PACKED, 10))
    single = replace(source, mirrors=source.mirrors[:1])
    with pytest.raises(DownloadError, match=r"it sent only \d+ bytes in 0.2 s"):
        run(server, single, tmp_path, limits=Limits(read_seconds=60, stall_seconds=0.2))


def test_cancel_leaves_a_part_to_go_on_from(server: ScriptedServer, source: Source, tmp_path: Path) -> None:
    server.script(ONE, server.hold_after(PACKED, HALF), file_answer(PACKED))
    part = tmp_path / ".partial/little/images.gz.part"
    cancelled_at: list[float] = []

    def cancelled() -> bool:
        if part.exists() and part.stat().st_size == HALF:
            cancelled_at.append(time.monotonic())
        return bool(cancelled_at)

    with pytest.raises(Cancelled):
        run(server, source, tmp_path, cancelled, Limits(read_seconds=60))
    assert time.monotonic() - cancelled_at[0] < 0.5
    assert leftovers(tmp_path) == ["images.gz.part"]
    run(server, source, tmp_path)
    assert server.requests == [(ONE, ""), (ONE, f"bytes={HALF}-")]
    assert leftovers(tmp_path) == []


def test_cancel_while_unpacking(server: ScriptedServer, source: Source, tmp_path: Path) -> None:
    server.script(ONE, file_answer(PACKED))
    with pytest.raises(Cancelled):
        run(server, source, tmp_path, lambda: any(tmp_path.rglob("images.tmp")))
    assert leftovers(tmp_path) == ["images.gz.part"]


def test_the_network_thread_ends(server: ScriptedServer, source: Source, tmp_path: Path) -> None:
    server.script(ONE, server.hold_after(PACKED, HALF))
    with pytest.raises(DownloadError):
        run(server, source, tmp_path)
    for thread in threading.enumerate():
        if thread.name == "aetui-download":
            thread.join(10)
            assert not thread.is_alive()


def test_a_full_disk_is_seen_before_the_download(
    server: ScriptedServer, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = len(PACKED) + len(CONTENTS) - 1
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": free}))
    with pytest.raises(AetuiError, match=r"Little Set would need 0.6 MB in .*, which has 0.6 MB free"):
        run(server, source, tmp_path)
    assert server.requests == []


def test_a_folder_that_cannot_be_made(server: ScriptedServer, source: Source, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DownloadError, match=r"could not be written to .*: Not a directory"):
        run(server, source, tmp_path / "file" / "data")


def test_https_alone_is_offered() -> None:
    addresses = [mirror for each in SETS.values() for mirror in each.mirrors]
    assert addresses
    assert all(httpx.URL(address).scheme == "https" and address.endswith("/") for address in addresses)
