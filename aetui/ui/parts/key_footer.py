"""The line of keys below every screen."""

from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Footer


class KeyFooter(Footer):
    """Textual's footer, which makes its keys anew when they change, without those it had before.

    Every key listens to whether the footer is compact, and the footer of Textual 8.2 keeps all that ever
    listened: some 25 kB a key, 16 keys each time a dialog was opened and closed. It also makes them anew
    whenever the focus moves, the same or not: three times for a dialog that opens,
    and for the screen below it.
    """

    def __init__(self) -> None:
        super().__init__(show_command_palette=False, compact=True)
        self._shown: list[tuple[Binding, bool, str]] = []

    def compose(self) -> ComposeResult:
        """Without keys that are letters of the line that is typed into."""
        line = self.screen.focused
        for key in super().compose():
            letter = getattr(key, "key_display", "")
            is_typed = len(letter) == 1 and letter.isascii()
            if not (line and is_typed and line.check_consume_key(getattr(key, "key", ""), letter)):
                yield key

    async def recompose(self) -> None:
        if not (self.is_attached and self.screen.is_active):
            return  # when its screen is on top again it is told again
        shown = [key[1:] for key in self.screen.active_bindings.values() if key.binding.show]
        if shown == self._shown:
            return
        self._shown = shown
        await super().recompose()
        self.mutate_reactive(Footer.compact)  # forgets those that are closed
