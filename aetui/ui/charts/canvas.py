"""The cells that a chart is drawn into, and its colours."""

from dataclasses import dataclass
from itertools import groupby

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip


@dataclass(frozen=True, slots=True)
class Colors:
    """Colours as `#rrggbb`. The curves' are Okabe and Ito's, for all eyes; darker on light ground."""

    train: str
    test: str
    linear: str
    knn: str
    text: str
    frame: str
    runs: tuple[str, ...]
    """Of the curves of several runs, in turn."""


DARK = Colors(
    train="#56b4e9",
    test="#e69f00",
    linear="#009e73",
    knn="#cc79a7",
    text="#a8a8a8",
    frame="#6c6c6c",
    runs=("#56b4e9", "#e69f00", "#2bb58c", "#e08fbd", "#f0e442", "#ef7a3a"),
)
LIGHT = Colors(
    train="#0072b2",
    test="#b84d00",
    linear="#00755a",
    knn="#a34479",
    text="#5a5a5a",
    frame="#9a9a9a",
    runs=("#0072b2", "#b84d00", "#00755a", "#a34479", "#7a6c00", "#5a5a5a"),
)


class Canvas:
    """Cells of one character and the name of its style each. What lies outside is dropped."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.cells = [[" "] * width for _ in range(height)]
        self.styles = [[""] * width for _ in range(height)]

    def put(self, row: int, column: int, text: str, style: str) -> None:
        """Write `text` from a cell on."""
        if not 0 <= row < self.height:
            return
        for place, character in enumerate(text, column):
            if 0 <= place < self.width:
                self.cells[row][place], self.styles[row][place] = character, style

    def strips(self, colors: Colors) -> list[Strip]:
        """One a row."""
        style_of = {
            "": Style.null(),
            "train": Style(color=colors.train),
            "test": Style(color=colors.test),
            "linear": Style(color=colors.linear),
            "kNN": Style(color=colors.knn),
            "raw": Style(color=colors.train, dim=True),
            "text": Style(color=colors.text),
            "frame": Style(color=colors.frame),
        }
        for hue, color in enumerate(colors.runs):
            style_of[f"run {hue}"] = Style(color=color)
            style_of[f"run {hue} edge"] = Style(color=color, dim=True)
            style_of[f"run {hue} chosen"] = Style(color=color, bold=True, reverse=True)
        strips = []
        for cells, styles in zip(self.cells, self.styles, strict=True):
            segments, start = [], 0
            for name, run in groupby(styles):
                end = start + len(list(run))
                segments.append(Segment("".join(cells[start:end]), style_of[name]))
                start = end
            strips.append(Strip(segments, self.width))
        return strips
