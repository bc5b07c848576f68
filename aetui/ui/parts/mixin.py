"""What classes inherit from that add keys to a screen: for mypy a screen, in truth nothing of Textual's."""

from typing import TYPE_CHECKING, Any

from textual.screen import Screen

if TYPE_CHECKING:
    ScreenMixin = Screen[Any]
else:
    ScreenMixin = object
