"""Two processes that want the same data set."""

import pickle
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from fetching import HALF, ONE, run
from https_server import CONTENTS, PACKED, ScriptedServer

from aetui.data.catalogue import Source
from aetui.data.download import Progress, fetch
from aetui.data.files import Cancelled
from aetui.data.transfer import Limits

CHILD = """
import pickle, ssl, sys, httpx
from pathlib import Path
from aetui.data.download import Progress, fetch
source, data_dir, ca_file = pickle.load(sys.stdin.buffer)
with httpx.Client(verify=ssl.create_default_context(cafile=ca_file)) as client:
    fetch(source, Path(data_dir), on_progress=lambda progress: None, cancelled=lambda: False, client=client)
"""


def test_two_processes_fetch_once(server: ScriptedServer, source: Source, tmp_path: Path) -> None:
    server.script(ONE, server.hold_after(PACKED, HALF))
    child = subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE)
    assert child.stdin
    with child.stdin:
        pickle.dump((source, str(tmp_path), str(server.ca_file)), child.stdin)
    assert server.asked.wait(30)
    seen: list[str] = []

    def on_progress(progress: Progress) -> None:
        seen.append(progress.host)
        server.released.set()

    fetch(source, tmp_path, on_progress=on_progress, cancelled=lambda: False, client=server.client)
    assert child.wait(30) == 0
    assert seen == ["another process"]
    assert server.requests == [(ONE, "")]
    assert (tmp_path / "Set/raw/images").read_bytes() == CONTENTS


def test_waiting_for_another_can_be_cancelled(server: ScriptedServer, source: Source, tmp_path: Path) -> None:
    server.script(ONE, server.hold_after(PACKED, HALF))
    stop = threading.Event()

    def fetch_until_stopped() -> None:
        with pytest.raises(Cancelled):
            run(server, source, tmp_path, stop.is_set, Limits(read_seconds=60))

    first = threading.Thread(target=fetch_until_stopped)
    first.start()
    assert server.asked.wait(30)
    waiting: list[str] = []
    with pytest.raises(Cancelled):
        fetch(
            source,
            tmp_path,
            on_progress=lambda progress: waiting.append(progress.host),
            cancelled=lambda: bool(waiting),
            client=server.client,
        )
    stop.set()
    first.join()
    assert waiting == ["another process"]
