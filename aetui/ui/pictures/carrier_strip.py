"""Lines of text that take pictures along."""

from collections.abc import Callable

from rich.console import Console
from textual.strip import Strip


class CarrierStrip(Strip):
    """A line that takes something along to the terminal, drawn over the cells of this and other lines.

    It is asked for at the moment the line is written, and stays behind where the line is cut or redrawn as
    another screen's background.
    """

    __slots__ = ["_cargo"]

    def __init__(self, line: Strip, cargo: Callable[[], str]) -> None:
        super().__init__(line, line.cell_length)
        self._cargo = cargo

    def render(self, console: Console) -> str:
        return super().render(console) + self._cargo()
