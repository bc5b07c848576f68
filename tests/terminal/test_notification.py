"""Terminals that show notifications are written to, others are not."""

import pytest

from aetui.terminal.notification import notification


@pytest.mark.parametrize(
    ("environment", "written"),
    [
        ({"TERM_PROGRAM": "WezTerm", "TERM": "xterm-256color"}, "\x1b]9;done, 1\x07"),
        ({"TERM": "xterm-ghostty"}, "\x1b]9;done, 1\x07"),
        ({"TERM": "foot"}, "\x1b]777;notify;aetui;done, 1\x07"),
        ({"TERM": "rxvt-unicode-256color"}, "\x1b]777;notify;aetui;done, 1\x07"),
        ({"TERM": "xterm-256color"}, ""),
        ({"TERM": "linux"}, ""),
        ({"TERM_PROGRAM": "WezTerm", "TMUX": "/tmp/tmux"}, ""),
        ({}, ""),
    ],
)
def test_by_what_the_terminal_calls_itself(environment, written):
    assert notification("done; 1", environment) == written


def test_nothing_in_it_ends_the_sequence():
    written = notification("a\x07b\x1b\\c", {"TERM": "foot"})
    assert written.count("\x07") == 1
    assert written.count("\x1b") == 1
