"""The line that text is typed into. Keys that come together keep their order in it.

In Textual (8.2) a letter is taken at once by a line, and a key with a binding, as backspace, goes up through
all widgets first. So on a slow line, which brings keys in bunches, letters overtook it.
"""

from typing import ClassVar

from textual import events
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.widgets import Input

from aetui.text import safe_text


class TextLine(Input):
    """Textual's line. It acts on a key with a binding where it comes in.

    Control characters are made visible, wherever they come from: it would send them.
    """

    async def _on_key(self, event: events.Key) -> None:
        if self.app.focused is not self:  # the key before has led elsewhere, and this one follows
            event.stop()
            event.prevent_default()
            self.app.post_message(events.Key(event.key, event.character))
            return
        if self.check_consume_key(event.key, event.character):
            return
        active = self.screen.active_bindings.get(event.key)
        if active is None or not active.enabled:
            return
        if await self.app.run_action(active.binding.action, active.node):
            event.stop()
            event.prevent_default()

    def action_copy(self) -> None:
        """Without a selection the key means what it means anywhere."""
        if self.selection.is_empty:
            raise SkipAction
        super().action_copy()
        self.notify("Copied what is selected.")

    def validate_value(self, value: str) -> str:
        return safe_text(value)


class AnswerLine(TextLine):
    """The line of a dialog, whose footer says how it is accepted."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Accept", id="dialog.accept", key_display="⏎", tooltip="take it"),
    ]
