"""`aetui conv` within the test's own process."""

import io
import json
import sys

import pytest

from aetui.cli import main


@pytest.fixture
def conv(capsys, monkeypatch):
    """`conv(arguments…)` runs the command; it returns the exit code, stdout and stderr."""

    def run(*arguments: str, stdin: str | bytes = b"") -> tuple[int, str, str]:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        for stream in (sys.stdout, sys.stderr):  # pytest's are no TextIOWrapper
            monkeypatch.setattr(stream, "reconfigure", lambda **_: None, raising=False)
        try:
            code = main(["conv", *arguments])
        except SystemExit as left:
            code = left.code
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def asked(conv):
    """What --json answers."""

    def run(*arguments: str, **settings):
        code, out, err = conv(*arguments, "--json", **settings)
        assert (code, err) == (0, "")
        return json.loads(out)

    return run
