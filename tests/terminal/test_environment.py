"""What the environment tells of a terminal."""

import subprocess
import sys
from pathlib import Path

import pytest

from aetui.terminal.environment import find_colours, find_inside, find_unicode


@pytest.mark.parametrize(
    ("environment", "colours"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, 1 << 24),
        ({"TERM": "xterm-kitty"}, 1 << 24),
        ({"TERM": "xterm-direct"}, 1 << 24),
        ({"TERM": "xterm-256color"}, 256),
        ({"TERM": "xterm"}, 16),
        ({"TERM": "linux"}, 8),
        ({"TERM": "vt100", "COLORTERM": "truecolor"}, 2),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, 2),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, 256),
        ({}, 2),
    ],
)
def test_colours(environment, colours):
    assert find_colours(environment)[0] == colours


@pytest.mark.parametrize(
    ("environment", "unicode"),
    [
        ({"LANG": "en_US.UTF-8"}, True),
        ({"LANG": "de_DE.utf8"}, True),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "C"}, False),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LANG": "en_US.UTF-8", "LC_ALL": ""}, True),
        ({}, False),
    ],
)
def test_unicode(environment, unicode):
    assert find_unicode(environment)[0] is unicode


@pytest.mark.parametrize(
    ("environment", "inside"),
    [
        ({"TERM": "xterm"}, ""),
        ({"TERM": "screen", "TMUX": "/tmp/tmux-0/default,1,0"}, "tmux"),
        ({"TERM": "tmux-256color"}, "tmux"),
        ({"TERM": "screen.xterm-256color", "STY": "1.pts-0.host"}, "screen"),
        ({"TERM": "screen", "STY": "1.pts-0.host", "TMUX": "/tmp/tmux-0/default,1,0"}, "screen"),
        ({"TERM": "screen-256color"}, "screen"),
    ],
)
def test_inside(environment, inside):
    assert find_inside(environment)[0] == inside


def test_inside_mosh(tmp_path):
    """A process of that name among the parents; mosh sets no variable."""
    server = tmp_path / "mosh-server"
    server.symlink_to(Path(sys.executable).resolve())
    find = "from aetui.terminal.environment import find_inside; print(find_inside({'TERM': 'xterm'}))"
    start = "import subprocess, sys; subprocess.run([sys.argv[1], '-c', sys.argv[2]], check=True)"
    done = subprocess.run(
        [server, "-c", start, sys.executable, find], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "('mosh', 'a parent process is mosh-server')\n"
