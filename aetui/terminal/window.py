"""The size of the terminal's window as the kernel keeps it."""

import fcntl
import os
import struct
import termios
from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """Zeros where the kernel does not know them, as is usual for the pixels."""

    columns: int = 0
    rows: int = 0
    width: int = 0
    """Pixels."""
    height: int = 0
    """Pixels."""


def window_of(path: str) -> Window:
    """The window of the terminal at `path`; all zero where there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return Window()
    try:
        rows, columns, width, height = struct.unpack(
            "HHHH", fcntl.ioctl(descriptor, termios.TIOCGWINSZ, bytes(8))
        )
    except OSError:
        return Window()
    finally:
        os.close(descriptor)
    return Window(columns, rows, width, height)
