"""Archives, good and crafted."""

from pathlib import Path

import pytest
from fetching import leftovers, run
from https_server import CONTENTS, ScriptedServer, file_answer, tar_source

from aetui.data.download import DownloadError


def test_a_tar(server: ScriptedServer, tmp_path: Path) -> None:
    source, packed = tar_source(server, {"batches/data": CONTENTS, "batches/readme.html": b"<p>"})
    server.script("/one/set.tar.gz", file_answer(packed))
    run(server, source, tmp_path)
    assert (tmp_path / "batches/data").read_bytes() == CONTENTS
    assert [path.name for path in (tmp_path / "batches").iterdir()] == ["data"]


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"../escaped": b"x", "batches/data": CONTENTS}, "points out of the folder"),
        ({"/absolute": b"x", "batches/data": CONTENTS}, "points out of the folder"),
        ({"batches/data": "/etc/passwd"}, "is a link or a device"),
        ({"batches/other": CONTENTS}, "it lacks batches/data"),
        ({"batches/data": CONTENTS[1:] + b"x"}, "the file data in it is not the expected one"),
        ({"batches/data": CONTENTS + b"x"}, "the file data in it is not the expected one"),
    ],
)
def test_a_crafted_tar(server: ScriptedServer, tmp_path: Path, members: dict, reason: str) -> None:
    source, packed = tar_source(server, members)
    server.script("/one/set.tar.gz", file_answer(packed))
    with pytest.raises(DownloadError, match=reason):
        run(server, source, tmp_path / "data")
    assert not (tmp_path / "escaped").exists()
    assert leftovers(tmp_path / "data") == []
    assert [path.name for path in (tmp_path / "data").iterdir() if path.name != "batches"] == [".partial"]
