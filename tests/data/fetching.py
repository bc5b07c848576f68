"""Fetching from the scripted server, and what must not be left behind."""

from collections.abc import Callable
from pathlib import Path

import pytest
from https_server import PACKED, ScriptedServer

from aetui.data.catalogue import Source
from aetui.data.download import DownloadError, Progress, fetch
from aetui.data.transfer import Limits

ONE, TWO = "/one/images.gz", "/two/images.gz"
HALF = len(PACKED) // 2
IMPATIENT = Limits(connect_seconds=5, read_seconds=0.2, stall_seconds=5)


def run(
    server: ScriptedServer,
    source: Source,
    data_dir: Path,
    cancelled: Callable[[], bool] = lambda: False,
    limits: Limits = IMPATIENT,
) -> list[Progress]:
    seen: list[Progress] = []
    fetch(source, data_dir, on_progress=seen.append, cancelled=cancelled, client=server.client, limits=limits)
    return seen


def failure(server: ScriptedServer, source: Source, data_dir: Path) -> DownloadError:
    with pytest.raises(DownloadError) as caught:
        run(server, source, data_dir)
    assert not list(data_dir.rglob("Set/raw/*")), "half a file in place"
    assert all(path.stat().st_size for path in data_dir.rglob("*.part"))
    return caught.value


def leftovers(data_dir: Path) -> list[str]:
    return sorted(path.name for path in data_dir.rglob("*") if path.suffix in (".part", ".tmp", ".gz"))
