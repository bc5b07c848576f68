"""What stands on a terminal too small for anything else."""

from textual.widget import Widget

LEAST_COLUMNS, LEAST_ROWS = 50, 14


class TooSmall(Widget):
    """A notice that covers the screen below the least size; the style sheet shows and hides it."""

    def render(self) -> str:
        width, height = self.app.size
        goes_on = " Training goes on." if getattr(self.app, "training", ()) else ""
        return f"{width}x{height} is too small: {LEAST_COLUMNS}x{LEAST_ROWS} or more, please.{goes_on}"
