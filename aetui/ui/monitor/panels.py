"""The panel tabs of a small screen, and panels that scroll."""

from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
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


def _scroll(keys: str, action: str, name: str, tooltip: str) -> Binding:
    return Binding(keys, action, name, id=f"panel.{action}", tooltip=tooltip, show=False)


SCROLL_KEYS: list[BindingType] = [
    _scroll("up", "scroll_up", "Up", "earlier lines of the panel"),
    _scroll("down", "scroll_down", "Down", "later lines of the panel"),
    _scroll("pageup", "page_up", "Page up", "a page of the panel up"),
    _scroll("pagedown", "page_down", "Page down", "a page of the panel down"),
    _scroll("home", "scroll_home", "First", "the panel's first line"),
    _scroll("end", "scroll_end", "Last", "the panel's last line"),
]
"""Up and down only: left and right step through the pictures."""


class ScrollPanel(VerticalScroll, inherit_bindings=False):
    """A panel whose content may be longer than its place."""

    BINDINGS: ClassVar[list[BindingType]] = SCROLL_KEYS
