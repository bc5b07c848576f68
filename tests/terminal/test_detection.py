"""Asking a terminal what it can show, over a real pseudo-terminal."""

import fcntl
import signal
import struct
import subprocess
import sys
import termios
import time

import pytest
from fake_terminal import KITTY, KITTY_QUESTION, XTERM, FakeTerminal
from hypothesis import given, settings
from hypothesis import strategies as st

from aetui.terminal.answers import DEVICE_ATTRIBUTES, read_answers
from aetui.terminal.choice import choose
from aetui.terminal.detection import Terminal, detect
from aetui.terminal.query import Patience

ENVIRONMENT = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "en_US.UTF-8"}
BRIEF = Patience(silence=0.3, answering=3)
TMUX = {**XTERM, b"\x1b[>q": b"\x1bP>|tmux 3.4\x1b\\", b"\x1b[c": b"\x1b[?1;2;4c"}
SAVE, RESTORE_AND_ERASE = b"\x1b7", b"\x1b8\x1b[K"


def look(fake: FakeTerminal, patience: Patience = BRIEF, **environment: str) -> Terminal:
    """Detect, and check that nothing of it stays behind."""
    found = detect(path=fake.path, environment={**ENVIRONMENT, **environment}, patience=patience)
    assert fake.modes == fake.modes_before
    assert fake.left_over() == b""
    return found


def test_a_terminal_with_sixel():
    with FakeTerminal(XTERM) as fake:
        found = look(fake, Patience())
    assert (found.name, found.inside, found.answered) == ("XTerm(379)", "", True)
    assert (found.sixel, found.kitty, found.synchronised, found.cell_pixels) == (True, False, False, (6, 13))
    assert (
        found.reasons["sixel"] == "the terminal answered yes (4 among device attributes 63;1;2;4;6;9;15;22)"
    )
    assert KITTY_QUESTION in fake.received


def test_a_terminal_with_kitty_graphics():
    with FakeTerminal(KITTY) as fake:
        found = look(fake, Patience())
    assert (found.name, found.answered) == ("kitty(0.26.5)", True)
    assert (found.sixel, found.kitty, found.synchronised, found.cell_pixels) == (False, True, True, (10, 20))


@pytest.mark.parametrize("environment", [{"TMUX": "/tmp/tmux-0/default,1,0"}, {"TERM": "tmux-256color"}])
def test_tmux_is_not_asked_for_kitty_graphics(environment):
    with FakeTerminal({**TMUX, KITTY_QUESTION: b"\x1b_Gi=31;OK\x1b\\"}) as fake:
        found = look(fake, **environment)
    assert KITTY_QUESTION not in fake.received
    assert (found.inside, found.sixel, found.kitty) == ("tmux", True, None)


def test_tmux_at_the_other_end_of_a_line_tells_its_name():
    with FakeTerminal(TMUX) as fake:
        assert look(fake, TERM="screen-256color").inside == "tmux"


@pytest.mark.parametrize("environment", [{"STY": "1.pts-0.host"}, {"TERM": "dumb"}, {"TERM": "linux"}])
def test_where_no_picture_can_be_nothing_is_asked(environment):
    with FakeTerminal(KITTY) as fake:
        found = look(fake, **environment)
    assert fake.received == b""
    assert (found.answered, found.sixel, found.kitty, found.synchronised) == (False, None, None, None)
    assert found.reasons["kitty"].startswith("not asked, ")


def test_a_silent_terminal_is_given_up_and_the_notice_erased():
    with FakeTerminal({}) as fake:
        began = time.monotonic()
        found = look(fake, Patience(silence=0.3, notice=0.1))
        assert 0.3 <= time.monotonic() - began < 10
        notice = fake.wait_to_hear(b"..." + RESTORE_AND_ERASE).partition(b"\x1b[c")[2]
    assert (found.answered, found.kitty, found.sixel, found.cell_pixels) == (False, None, None, None)
    assert found.reasons["kitty"] == "the terminal did not answer"
    assert notice.startswith(SAVE + b"asking the terminal what it can show")


def test_a_quick_answer_shows_no_notice():
    with FakeTerminal(XTERM) as fake:
        look(fake)
    assert b"asking" not in fake.received


def test_half_an_answer_is_not_left_behind():
    with FakeTerminal({**XTERM, b"\x1b[c": b"\x1b[?63;1"}) as fake:
        found = look(fake, Patience(silence=0.2, answering=0.2))
    assert not found.answered


def test_a_flood_of_rubbish_ends_at_the_bound():
    with FakeTerminal({b"\x1b[5n": b"rubbish\x1b[" * 50 + XTERM[b"\x1b[c"]}) as fake:
        assert not look(fake, Patience(max_bytes=100, silence=5)).answered


def test_trickling_rubbish_ends_in_time():
    with FakeTerminal({b"\x1b[5n": b"rubbish " * 20}, apart=0.01) as fake:
        began = time.monotonic()
        assert not detect(path=fake.path, environment=ENVIRONMENT, patience=Patience(total=0.5)).answered
        assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("answers", [XTERM, KITTY])
def test_every_byte_300_milliseconds_late(answers):
    with FakeTerminal(answers, late=0.3) as fake:
        found = look(fake, Patience())
    assert (found.sixel, found.kitty) == (answers is XTERM, answers is KITTY)


def test_a_line_that_passes_a_byte_at_a_time():
    """Both ways, in proportion to the real patience: 15 ms instead of 300."""
    with FakeTerminal(KITTY, apart=0.015) as fake:
        found = look(fake, Patience(silence=0.1, answering=0.75, total=30))
    assert (found.name, found.kitty, found.sixel, found.cell_pixels) == (
        "kitty(0.26.5)",
        True,
        False,
        (10, 20),
    )


@pytest.mark.slow
@pytest.mark.parametrize("answers", [XTERM, KITTY])
def test_a_line_that_passes_a_byte_every_300_milliseconds(answers):
    with FakeTerminal(answers, apart=0.3) as fake:
        found = look(fake, Patience())
    assert (found.answered, found.sixel, found.kitty) == (True, answers is XTERM, answers is KITTY)


@pytest.mark.parametrize(
    "answered", [b"\x1b[6;0;0t", b"\x1b[6;1;5000t", b"\x1b[6;99999;99999t", b"\x1b[6;-1;4t"]
)
def test_an_absurd_cell_is_unknown(answered):
    with FakeTerminal({**KITTY, b"\x1b[16t": answered}) as fake:
        assert look(fake).cell_pixels is None


@pytest.mark.parametrize(("pixels", "cell"), [((800, 480), (10, 20)), ((0, 0), None), ((65535, 24), None)])
def test_the_window_tells_the_cell_where_the_terminal_does_not(pixels, cell):
    with FakeTerminal({**KITTY, b"\x1b[16t": b""}) as fake:
        fcntl.ioctl(fake.side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, *pixels))
        found = look(fake)
    assert (found.columns, found.rows, found.cell_pixels) == (80, 24, cell)


def test_without_a_terminal_only_the_environment_speaks(tmp_path):
    found = detect(path=str(tmp_path / "none"), environment=ENVIRONMENT)
    assert (found.answered, found.columns, found.colours, found.unicode) == (False, None, 1 << 24, True)
    assert found.reasons["sixel"].startswith("not asked, there is no terminal")


ANSWERS = st.sampled_from([*XTERM.values(), *KITTY.values()])
RUBBISH = st.lists(st.binary(max_size=20) | ANSWERS | ANSWERS.map(lambda a: a[: len(a) // 2]), max_size=12)


@given(RUBBISH.map(b"".join))
def test_any_bytes_can_be_read(rubbish):
    answers = read_answers(rubbish)
    assert answers.kitty.isprintable()
    assert answers.version.isprintable()


@given(RUBBISH.map(b"".join).filter(lambda rubbish: not DEVICE_ATTRIBUTES.search(rubbish)))
@settings(max_examples=60, deadline=None)
def test_any_answer_is_survived(rubbish):
    with FakeTerminal({b"\x1b[5n": rubbish, b"\x1b[c": b"\x1b\\\x1b[?1c"}) as fake:
        found = look(fake, Patience(silence=5))
    assert found.cell_pixels is None or found.cell_pixels in ((6, 13), (10, 20))
    assert found.name.isprintable()
    assert choose(found, "auto").protocol in ("half", "sixel", "kitty")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_while_asking_leaves_the_modes_as_they_were(number):
    script = (
        "import sys; from aetui.terminal.detection import detect; from aetui.terminal.query import Patience;"
        "detect(path=sys.argv[1], patience=Patience(silence=60, answering=60))"
    )
    with FakeTerminal({}) as fake:
        command = [sys.executable, "-c", script, fake.path]
        with subprocess.Popen(command, env={**ENVIRONMENT}, stderr=subprocess.DEVNULL) as process:
            fake.wait_to_hear(b"\x1b[c")
            assert fake.modes != fake.modes_before
            process.send_signal(number)
            assert process.wait(30) == (-number if number == signal.SIGINT else 128 + number)
        assert fake.modes == fake.modes_before
