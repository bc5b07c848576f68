"""What the app writes reaches the terminal whole."""

import sys
from pathlib import Path

import psutil
from live_runs import wait_until
from pseudo_terminal import Terminal

NUMBERS = 200_000
WRITING = f"""
import sys
from aetui.ui.driver import buffered
file = {{file}}
for first in range(0, {NUMBERS}, 1000):
    file.write("".join(f"{{{{number:06}}}}" for number in range(first, first + 1000)))
file.flush()
"""


def received(file: str, cwd: Path) -> bytes:
    """What arrives of the numbers, where their writer is stopped and goes on some fifty times."""
    terminal = Terminal(
        cwd=cwd, program=(sys.executable, "-c", WRITING.format(file=file)), more={"PYTHONUNBUFFERED": "1"}
    )
    writer = psutil.Process(terminal.process.pid)
    arrived = b""
    while len(arrived) < 6 * NUMBERS and (piece := terminal.read(5)):
        arrived += piece
        if len(arrived) % 24_000 < len(piece) and len(arrived) < 5 * NUMBERS:
            wait_until(lambda: writer.status() == psutil.STATUS_SLEEPING)  # the line is full
            writer.suspend()
            writer.resume()
    terminal.kill()
    return arrived


def test_a_size_that_no_terminal_has_is_not_believed(open_app):
    app = open_app(columns=100, rows=30)
    app.wait_for("Presets")
    app.press("\x1b[48;99999;99999;1;1t")
    app.press("?")
    app.wait_for("─ Keys ─")
    app.press("q")
    app.wait_for(lambda text: "─ Keys ─" not in text)
    app.press("q")
    assert app.wait_for_exit() == 0


def test_a_stop_in_the_middle_of_a_frame_costs_none_of_it(tmp_path):
    everything = "".join(f"{number:06}" for number in range(NUMBERS)).encode()
    assert received("buffered(sys.stderr)", tmp_path) == everything
    assert received("sys.stderr", tmp_path) != everything  # where this holds no more, buffered can go
