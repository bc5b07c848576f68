"""The panel tabs of a small screen."""

from rich.text import Text
from textual.reactive import reactive
from textual.widget import Widget


class PanelTabs(Widget):
    """Names the panels and the number keys that choose one; hidden where all are shown."""

    chosen = reactive(0)
    """Index of the panel that is shown."""

    def __init__(self, titles: tuple[str, ...]) -> None:
        super().__init__()
        self._titles = titles

    def render(self) -> Text:
        line = Text()
        for index, title in enumerate(self._titles):
            line.append(f" {index + 1} {title} ", "reverse" if index == self.chosen else "")
            line.append("│", "bright_black")
        return line
