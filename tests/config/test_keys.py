"""The user's own keys."""

import os
from pathlib import Path

import pytest

from aetui.config.keys import read_keys
from aetui.config.user_settings import read_settings
from aetui.errors import UsageError

KNOWN = {"run.pause", "app.quit"}


def test_no_file_means_no_changes(tmp_path):
    assert read_keys(tmp_path / "keys.toml", KNOWN) == {}


def test_keys_by_action(tmp_path):
    path = tmp_path / "keys.toml"
    path.write_text('"run.pause" = "p,f5"\n')
    assert read_keys(path, KNOWN) == {"run.pause": "p,f5"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('"run.paus" = "p"', "there is no action 'run.paus'"),
        ('"run.pause" = 3', "are to be text"),
        ('"run.pause" = ""', "are to be text"),
        ("[", "cannot be read"),
        ("a = " + "[" * 3000, "cannot be read"),
        ("#" * 200_000, "larger than 100 kB"),
    ],
)
def test_mistakes_are_named(tmp_path, text, words):
    path = tmp_path / "keys.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=words):
        read_keys(path, KNOWN)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("read", [lambda path: read_keys(path, KNOWN), read_settings])
def test_a_pipe_or_a_device_is_not_waited_for(tmp_path, read):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(UsageError, match="not a file of data"):
            read(path)
